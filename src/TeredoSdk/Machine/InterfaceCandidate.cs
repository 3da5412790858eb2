using System.Net;
using TeredoSdk.Protocol;

namespace TeredoSdk.Machine;

/// <summary>An address of an interface that is up.</summary>
/// <param name="Name">The interface's name, as the system has it.</param>
/// <param name="Index">Its IPv6 index.</param>
/// <param name="MtuOctets">Its MTU, or 0 when the system does not tell.</param>
/// <param name="Address">The address.</param>
readonly record struct InterfaceCandidate(string Name, int Index, int MtuOctets, IPv6Address Address);

/// <summary>A Teredo interface that is up and can be used.</summary>
/// <param name="Name">The interface's name, as the system has it.</param>
/// <param name="Index">Its IPv6 index: another one under the same name is another interface.</param>
/// <param name="MtuOctets">Its MTU, or 0 when the system does not tell.</param>
/// <param name="Address">Its Teredo address.</param>
sealed record TeredoInterface(string Name, int Index, int MtuOctets, TeredoAddress Address);

/// <summary>What is asked of the machine's IPv6 interfaces and routes.</summary>
interface IInterfaceTable
{
    /// <summary>The IPv6 addresses of the interfaces that are up.</summary>
    IReadOnlyList<InterfaceCandidate> List();

    /// <summary>The address that this machine would send from, or null when there is no route.</summary>
    IPAddress? FindSource(IPAddress target);
}
