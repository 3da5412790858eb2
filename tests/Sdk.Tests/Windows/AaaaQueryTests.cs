using System.Net;
using System.Runtime.InteropServices;
using TeredoSdk.Windows.Native.Names;

namespace TeredoSdk.Tests.Windows;

/// <summary>Records as DnsQuery gives them, laid out by hand after DNS_RECORDW of mingw-w64's windns.h for 64-bit systems (offsetof).</summary>
public sealed unsafe class AaaaQueryTests : IDisposable
{
    const int Next = 0, Type = 16, DataLength = 18, Data = 32, Size = 88;
    const short Cname = 5, Aaaa = 28;

    static readonly IPAddress First = IPAddress.Parse("2001:0:c000:201:0:63bf:39cc:9bf8"), Second = IPAddress.Parse("2001:db8::2");

    readonly List<nint> _records = [];

    [SetUp]
    public void RequireWideAddresses() => Assume.That(nint.Size, Is.EqualTo(8), "the numbers are those of 64-bit systems");

    [TearDown]
    public void Dispose()
    {
        _records.ForEach(Marshal.FreeHGlobal);
        _records.Clear();
    }

    [Test]
    public void Addresses_OfAName_AreThoseOfItsAaaaRecordsInTheirOrder()
    {
        nint list = Record(Cname, new byte[8], Record(Aaaa, First.GetAddressBytes(), Record(Aaaa, Second.GetAddressBytes(), 0)));
        Assert.That(Read(list), Is.EqualTo(new[] { First, Second }));
    }

    [Test]
    public void Addresses_OfARecordThatIsTooShort_AreNone() =>
        Assert.That(Read(Record(Aaaa, new byte[4], 0)), Is.Empty);

    [Test]
    public void Addresses_WithoutRecords_AreNone() => Assert.That(Read(0), Is.Empty);

    static IPAddress[] Read(nint list) => AaaaQuery.Addresses((AaaaQuery.Record*)list);

    nint Record(short type, byte[] data, nint next)
    {
        nint record = Marshal.AllocHGlobal(Size);
        _records.Add(record);
        new Span<byte>((void*)record, Size).Fill(0xAA); // what is not read must not matter
        Marshal.WriteIntPtr(record, Next, next);
        Marshal.WriteInt16(record, Type, type);
        Marshal.WriteInt16(record, DataLength, (short)data.Length);
        Marshal.Copy(data, 0, record + Data, data.Length);
        return record;
    }
}
