using System.Net;

namespace TeredoSdk;

/// <summary>Finds peers by name: hosts publish signed records, and others look them up.</summary>
/// <remarks>
/// A Teredo address changes when a NAT forgets or a laptop moves, and the name stays. The service is not trusted with more than being there: records are
/// signed by their hosts (<see cref="RendezvousRecord"/>), and who knows a host's key pins it
/// (<see cref="RendezvousExtensions.FindPinnedAsync"/>). Implementations are safe for any number of threads.
/// </remarks>
public interface IRendezvous
{
    /// <summary>Publishes a record, in place of the one that the same key has published for that name before.</summary>
    /// <param name="record">The record.</param>
    /// <param name="source">Who publishes it, where a service knows that; null otherwise. The service's limits are for each source.</param>
    /// <param name="cancellationToken">Gives up; the record may be published or not.</param>
    /// <returns>What became of it.</returns>
    /// <exception cref="HttpRequestException">The service is over HTTP, and gave no answer.</exception>
    Task<RendezvousStatus> PublishAsync(RendezvousRecord record, IPAddress? source = null, CancellationToken cancellationToken = default);

    /// <summary>The record of a name; null when there is none, or none that still holds.</summary>
    /// <param name="name">The name, as in <see cref="RendezvousRecord.Name"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">No record can have that name.</exception>
    /// <exception cref="HttpRequestException">The service is over HTTP, and gave no answer.</exception>
    /// <exception cref="InvalidDataException">The service gave something that is no record of that name.</exception>
    Task<RendezvousRecord?> FindAsync(string name, CancellationToken cancellationToken = default);
}

/// <summary>What became of a record that was published.</summary>
public enum RendezvousStatus
{
    /// <summary>It is found under its name now.</summary>
    Accepted,

    /// <summary>Its time was over when it came.</summary>
    Expired,

    /// <summary>It would hold longer than the service allows; publish it again from time to time instead.</summary>
    LifetimeTooLong,

    /// <summary>The service has the same, or a newer one of the same key.</summary>
    Stale,

    /// <summary>Another key owns the name.</summary>
    NameTaken,

    /// <summary>Its source has as many names as one source may have.</summary>
    TooManyNames,

    /// <summary>Its source publishes more often than allowed; try again in a minute.</summary>
    TooOften,

    /// <summary>The service has no room for another name.</summary>
    Full,
}

/// <summary>What an <see cref="IRendezvous"/> does for its users beyond finding.</summary>
public static class RendezvousExtensions
{
    /// <summary>The record of a name, if the key that the caller knows has signed it.</summary>
    /// <param name="rendezvous">The service.</param>
    /// <param name="name">The name.</param>
    /// <param name="keyFingerprint">The key as <see cref="RendezvousRecord.KeyFingerprint"/> says it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The record; null when there is none.</returns>
    /// <exception cref="InvalidDataException">The name has another key: it is not the host that the caller knows.</exception>
    public static async Task<RendezvousRecord?> FindPinnedAsync(
        this IRendezvous rendezvous, string name, string keyFingerprint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rendezvous);
        ArgumentException.ThrowIfNullOrEmpty(keyFingerprint);
        var record = await rendezvous.FindAsync(name, cancellationToken).ConfigureAwait(false);
        return record is null || string.Equals(record.KeyFingerprint, keyFingerprint, StringComparison.OrdinalIgnoreCase) ? record
            : throw new InvalidDataException(
                $"'{name}' has the key {record.KeyFingerprint}; expected {keyFingerprint}. It is not the host that you know, or it has lost its key.");
    }
}
