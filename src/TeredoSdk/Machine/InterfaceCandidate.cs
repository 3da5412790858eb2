using System.Net;
using TeredoSdk.Protocol;

namespace TeredoSdk.Machine;

/// <summary>An address of an interface that is up.</summary>
/// <param name="Name">The interface's name on this system.</param>
/// <param name="Index">The interface's IPv6 index.</param>
/// <param name="MtuOctets">The interface's MTU, or 0 when the system does not tell.</param>
/// <param name="Address">The address.</param>
readonly record struct InterfaceCandidate(string Name, int Index, int MtuOctets, IPv6Address Address);

/// <summary>A Teredo interface that is up and can be used.</summary>
/// <param name="Name">The interface's name on this system.</param>
/// <param name="Index">The interface's IPv6 index. An interface that was made anew under the same name has another index.</param>
/// <param name="MtuOctets">The interface's MTU, or 0 when the system does not tell.</param>
/// <param name="Address">The interface's Teredo address.</param>
sealed record TeredoInterface(string Name, int Index, int MtuOctets, TeredoAddress Address);

/// <summary>The machine's IPv6 interfaces and routes.</summary>
interface IInterfaceTable
{
    /// <summary>The IPv6 addresses of the interfaces that are up.</summary>
    IReadOnlyList<InterfaceCandidate> List();

    /// <summary>The source address that this machine would use for a target, or null when there is no route.</summary>
    IPAddress? FindSource(IPAddress target);
}
