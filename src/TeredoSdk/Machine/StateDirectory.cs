namespace TeredoSdk.Machine;

/// <summary>Where a process keeps what a later one shall find.</summary>
static class StateDirectory
{
    const string Name = "TeredoSdk";

    /// <returns>The directory that systemd gave the service (StateDirectory=), else one in the user's own data; null when the user has none.</returns>
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("STATE_DIRECTORY") is { Length: > 0 } given)
            return given.Split(':')[0];
        string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return data.Length > 0 ? Path.Combine(data, Name) : null;
    }
}
