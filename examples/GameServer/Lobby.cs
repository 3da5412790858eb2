using System.Security.Cryptography;
using GameServer.Game;
using TeredoSdk;

namespace GameServer;

/// <summary>A game by its name: what a lobby is for. See examples/Lobby.</summary>
sealed class Lobby(Uri address) : IDisposable
{
    readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>The lobby of the command line; null when there is none.</summary>
    public static Lobby? Of(Arguments arguments) => arguments.Lobby is { } address ? new(address) : null;

    /// <summary>Keeps the game's name up.</summary>
    public RendezvousPublication Publish(ECDsa key, string name, Host host)
    {
        string fingerprint = RendezvousRecord.Sign(key, name, [host.EndPoint], DateTimeOffset.UtcNow, 0).KeyFingerprint;
        Console.WriteLine($"Name: {name}#{fingerprint}");
        return new(new HttpRendezvous(_http), key, name, () => host.CurrentEndPoint);
    }

    /// <summary>Where the game is now.</summary>
    /// <param name="name">The name, or NAME#KEY for who does not trust the lobby.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It is not there, or not the game that is meant.</exception>
    public async Task<Peer> FindAsync(string name, CancellationToken cancellationToken)
    {
        string[] parts = name.Split('#');
        var lobby = new HttpRendezvous(_http);
        try
        {
            var record = parts.Length > 1 ? await lobby.FindPinnedAsync(parts[0], parts[1], cancellationToken) : await lobby.FindAsync(parts[0], cancellationToken);
            return record is null ? throw new IOException($"The lobby knows no game '{parts[0]}'.") : Peer.From(record.EndPoints[0]);
        }
        catch (Exception e) when (e is HttpRequestException or InvalidDataException)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>The host's key, which owns the name: made when the file is not there.</summary>
    /// <exception cref="IOException">The file has no key.</exception>
    public static ECDsa OpenKey(string file)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (!File.Exists(file))
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var writer = new StreamWriter(file, options);
            writer.Write(key.ExportPkcs8PrivateKeyPem());
            return key;
        }
        try
        {
            key.ImportFromPem(File.ReadAllText(file));
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new IOException($"'{file}' has no private key; move it away, and a new one is made, which cannot have the same name.", e);
        }
    }

    public void Dispose() => _http.Dispose();
}
