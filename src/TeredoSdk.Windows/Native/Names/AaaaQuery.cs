using System.Net;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Names;

/// <summary>
/// Asks DNS for the IPv6 addresses of a name, whatever addresses this machine has. Other functions do not ask for them when Teredo is the only
/// IPv6 of the machine ("Receiving Solicited Traffic Over Teredo").
/// </summary>
static partial class AaaaQuery
{
    const ushort DNS_TYPE_AAAA = 28;      // windns.h
    const uint DNS_QUERY_STANDARD = 0;    // windns.h; not DNS_QUERY_ADDRCONFIG, which leaves AAAA out
    const int DnsFreeRecordList = 1;      // windns.h
    const int DNS_ERROR_RCODE_NAME_ERROR = 9003, DNS_INFO_NO_RECORDS = 9501; // winerror.h

    [SupportedOSPlatform("windows")]
    public static async Task<Reading<IPAddress[]>> AskAsync(string host, CancellationToken cancellationToken) =>
        // The call blocks and can't be stopped, so cancelling only ends the wait.
        await Task.Run(() => NativeCall.Ask("DnsQuery_W", $"the IPv6 addresses of {host} are not known", () => Ask(host)), cancellationToken)
            .WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <param name="records">A list of records from DnsQuery. Records of other types, such as CNAMEs on the way, are skipped.</param>
    public static unsafe IPAddress[] Addresses(Record* records)
    {
        List<IPAddress> addresses = [];
        for (var record = records; record != null; record = record->Next)
            if (record->Type == DNS_TYPE_AAAA && record->DataLength >= Record.AddressSize)
                addresses.Add(new(new ReadOnlySpan<byte>(record->Address, Record.AddressSize)));
        return [.. addresses];
    }

    [SupportedOSPlatform("windows")]
    static unsafe Reading<IPAddress[]> Ask(string host)
    {
        int error = DnsQuery_W(host, DNS_TYPE_AAAA, DNS_QUERY_STANDARD, 0, out var records, 0);
        try
        {
            return error switch
            {
                0 => Reading.Of(Addresses(records)),
                DNS_ERROR_RCODE_NAME_ERROR or DNS_INFO_NO_RECORDS => Reading.Of<IPAddress[]>([]),
                _ => Reading.Unknown<IPAddress[]>(NativeCall.Failed("DnsQuery_W", error, $"the IPv6 addresses of {host} are not known")),
            };
        }
        finally
        {
            if (records != null)
                DnsRecordListFree(records, DnsFreeRecordList);
        }
    }

    /// <summary>DNS_RECORDW, windns.h: the fields that all types share, and the data of an AAAA record.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct Record
    {
        public const int AddressSize = 16;
        public Record* Next;
        public char* Name;
        public ushort Type;
        public ushort DataLength;
        public uint Flags;
        public uint TimeToLive;
        public uint Reserved;
        public fixed byte Address[AddressSize];
    }

    [SupportedOSPlatform("windows")]
    [LibraryImport("dnsapi", StringMarshalling = StringMarshalling.Utf16)]
    private static unsafe partial int DnsQuery_W(string name, ushort type, uint options, nint servers, out Record* records, nint reserved);

    [SupportedOSPlatform("windows")]
    [LibraryImport("dnsapi")]
    private static unsafe partial void DnsRecordListFree(Record* records, int kind);
}
