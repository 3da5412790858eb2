using System.Net;
using System.Security.Cryptography;

namespace TeredoSdk.Tests.Shared;

/// <summary>Addresses of 127.0.0.0/8 that no other test of this machine has meanwhile: servers there have fixed ports.</summary>
/// <remarks>A file without content, open as long as the block is taken, keeps others away; it goes with its process, however that ends.</remarks>
sealed class LoopbackBlock : IDisposable
{
    readonly byte[] _prefix;
    readonly FileStream _taken;

    LoopbackBlock(byte[] prefix, FileStream taken) => (_prefix, _taken) = (prefix, taken);

    /// <summary>An address of the block.</summary>
    /// <param name="host">The last octet, 1 to 254.</param>
    public IPAddress this[byte host] => new([.. _prefix, host]);

    /// <summary>Takes a block, 127.64.0 to 127.191.255.</summary>
    public static LoopbackBlock Take()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"teredosdk-loopback-{Environment.UserName}");
        Directory.CreateDirectory(folder);
        while (true)
        {
            byte[] octets = RandomNumberGenerator.GetBytes(2);
            byte[] prefix = [127, (byte)(64 + octets[0] % 128), octets[1]];
            try
            {
                var taken = new FileStream(Path.Combine(folder, string.Join('.', prefix)), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
                    FileOptions.DeleteOnClose);
                return new(prefix, taken);
            }
            catch (IOException)
            {
                // Another test has it: the next one.
            }
        }
    }

    public void Dispose() => _taken.Dispose();
}
