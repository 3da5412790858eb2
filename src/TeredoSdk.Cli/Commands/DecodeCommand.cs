using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Cli.Json;
using TeredoSdk.Protocol;

namespace TeredoSdk.Cli.Commands;

/// <summary><c>teredo decode</c>: shows the parts of a Teredo address (RFC 4380 §4).</summary>
sealed class DecodeCommand : Command
{
    readonly Argument<IPAddress> _address = new("ADDRESS") { Description = "A Teredo address.", CustomParser = Values.Address };

    public DecodeCommand() : base("decode", "Show the server, the flags and the mapped IPv4 endpoint of a Teredo address.")
    {
        Add(_address);
        SetAction((arguments, _) => Invocation.RunAsync(arguments, RunAsync));
    }

    Task<int> RunAsync(Invocation invocation)
    {
        var address = invocation.Arguments.GetValue(_address)!;
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || !TeredoAddress.TryCreate(IPv6Address.FromIPAddress(address), out var teredo))
            return Task.FromResult(invocation.Output.Fail("notTeredo",
                $"{address} is not a Teredo address; Teredo addresses are in 2001::/32 (or, long ago, in 3ffe:831f::/32)."));
        var document = new DecodeDocument(teredo.ToIPAddress(), teredo.HasOldPrefix ? "3ffe:831f::/32" : "2001::/32",
            teredo.HasOldPrefix ? "old" : "current",
            teredo.Server.ToIPAddress(), ((int)teredo.Flags).ToString("x4", null), teredo.Flags.HasFlag(TeredoFlags.Cone),
            teredo.MappedEndpoint.ToIPEndPoint(), IsPublic(teredo));
        invocation.Output.Document(document, json => json.DecodeDocument);
        Print(invocation.Output, document);
        return Task.FromResult(0);
    }

    static void Print(Output output, DecodeDocument document)
    {
        string age = document.PrefixAge == "old"
            ? ", the old prefix of Windows XP and Server 2003 before update MS06-064: no network routes it any more"
            : ", current";
        output.Line($"address         {document.Address}");
        output.Line($"prefix          {document.Prefix}{age}");
        output.Line($"server          {document.Server}");
        output.Line($"flags           {document.Flags}{(document.Cone ? " (cone)" : "")}");
        output.Line($"mapped endpoint {document.MappedEndPoint}");
        if (!document.IsPublic)
            output.Line("note            the server or the mapped endpoint is not public: the address works only in a laboratory");
    }

    static bool IsPublic(TeredoAddress address) =>
        AddressPolicy.Strict.IsGlobalUnicast(address.Server) && AddressPolicy.Strict.IsGlobalUnicast(address.MappedEndpoint);
}
