using System.Net;
using System.Net.Http.Headers;

namespace TeredoSdk;

/// <summary>An <see cref="IRendezvous"/> over HTTP, such as <c>examples/Lobby</c>.</summary>
/// <remarks>
/// A record is put to <c>hosts/NAME</c>, as <see cref="RendezvousRecord.ToArray"/> makes it, and got from there. The answer to a put is the name of a
/// <see cref="RendezvousStatus"/>. What the service gives is checked: it can hide hosts, but not forge them.
/// </remarks>
public sealed class HttpRendezvous : IRendezvous
{
    const int MaxStatusLength = 64;

    readonly HttpClient _client;
    readonly TimeProvider _time;

    /// <summary>Uses a service.</summary>
    /// <param name="client">Its <see cref="HttpClient.BaseAddress"/> is that of the service, and ends with a slash. It is not disposed.</param>
    /// <param name="timeProvider">The clock that says whether a record still holds; null for the system's.</param>
    /// <exception cref="ArgumentException">The client has no base address.</exception>
    public HttpRendezvous(HttpClient client, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (client.BaseAddress is null)
            throw new ArgumentException("The client has no base address; expected that of the service, such as http://lobby.example.net/.", nameof(client));
        (_client, _time) = (client, timeProvider ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    public async Task<RendezvousStatus> PublishAsync(RendezvousRecord record, IPAddress? source = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        using var content = new ByteArrayContent(record.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = await _client.PutAsync(Of(record.Name), content, cancellationToken).ConfigureAwait(false);
        byte[] text = await ReadAsync(answer, MaxStatusLength, cancellationToken).ConfigureAwait(false);
        return Enum.TryParse(System.Text.Encoding.ASCII.GetString(text), out RendezvousStatus status) && Enum.IsDefined(status) ? status
            : throw new HttpRequestException($"{_client.BaseAddress} did not answer as a lobby does, but with {(int)answer.StatusCode}.", null, answer.StatusCode);
    }

    /// <inheritdoc/>
    public async Task<RendezvousRecord?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        MemoryRendezvous.CheckName(name);
        using var answer = await _client.GetAsync(Of(name), HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        answer.EnsureSuccessStatusCode();
        byte[] octets = await ReadAsync(answer, RendezvousRecord.MaxOctets, cancellationToken).ConfigureAwait(false);
        return !RendezvousRecord.TryRead(octets, out var record) || record.Name != name
            ? throw new InvalidDataException($"{_client.BaseAddress} gave something for '{name}' that no host of that name has signed.")
            : record.Expires > _time.GetUtcNow() ? record : null;
    }

    static Uri Of(string name) => new($"hosts/{name}", UriKind.Relative);

    // One octet more than may be shows that it is too long.
    static async Task<byte[]> ReadAsync(HttpResponseMessage answer, int most, CancellationToken cancellationToken)
    {
        using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        byte[] octets = new byte[most + 1];
        int length = await stream.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return octets[..length];
    }
}
