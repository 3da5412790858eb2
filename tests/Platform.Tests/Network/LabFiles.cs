namespace TeredoSdk.Platform.Tests.Network;

/// <summary>The files of a lab's scratch folder that its programs see in place of the machine's own.</summary>
static class LabFiles
{
    /// <summary>The unprivileged user that programs run as: nobody.</summary>
    public const uint User = 65534;

    /// <summary>The unprivileged user's home.</summary>
    public static string Home(Lab lab) => Path.Combine(lab.Scratch, "home");

    public static void Write(Lab lab)
    {
        Directory.CreateDirectory(Path.Combine(lab.Scratch, "root"));
        Directory.CreateDirectory(Home(lab));
        Native.ChangeOwner(Home(lab), User, User);
        // Names come from here only; nothing listens at the name server's address, so other questions fail at once.
        File.WriteAllText(Path.Combine(lab.Scratch, "resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
        File.WriteAllLines(Path.Combine(lab.Scratch, "hosts"), lab.Hosts.Where(host => host.Links.Count > 0)
            .SelectMany(host => host.Links.SelectMany(link => link.Addresses), (host, address) => $"{address.Split('/')[0]} {host.Name}.lab")
            .Prepend("::1 localhost").Prepend("127.0.0.1 localhost"));
    }
}
