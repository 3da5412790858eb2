namespace TeredoSdk.Windows.Doctor;

/// <summary>What keeps Windows' Teredo client offline, as far as the SDK knows the words.</summary>
enum ClientError
{
    /// <summary>Other words, or none.</summary>
    Other,
    /// <summary>The network has a domain controller.</summary>
    ManagedNetwork,
    /// <summary>The server does not answer.</summary>
    ServerSilent,
    /// <summary>The name of the server has no address.</summary>
    ServerNotResolved,
    /// <summary>The network adapter of Teredo can't be opened.</summary>
    AdapterFailed,
    /// <summary>A general failure, which comes with a number.</summary>
    SystemFailure,
}

/// <summary>Recognises the errors of Windows' Teredo client, whose words are in the system's language.</summary>
static class ClientErrors
{
    // English and Chinese as users posted them; the German words are translations, because no posted output was to be had.
    static readonly (ClientError Error, string[] Words)[] Known =
    [
        (ClientError.ManagedNetwork, ["managed network", "托管网络", "verwalteten Netzwerk"]),
        (ClientError.ServerSilent, ["unreachable", "failed to reach", "无法通过 UDP", "nicht erreichbar"]),
        (ClientError.ServerNotResolved, ["resolve", "解析", "aufgelöst"]),
        (ClientError.AdapterFailed, ["adapter", "适配器"]),
        (ClientError.SystemFailure, ["system failure", "系统故障", "Systemfehler"]),
    ];

    public static ClientError Of(TeredoStatus status)
    {
        string text = status.Error ?? "";
        foreach (var (error, words) in Known)
            if (words.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase)))
                return error;
        return status.ErrorCode is null ? ClientError.Other : ClientError.SystemFailure; // only that one has a number
    }
}
