namespace TeredoSdk;

/// <summary>What a doctor looks at.</summary>
public sealed class TeredoDoctorOptions
{
    /// <summary>
    /// The settings of the node that would be used. The doctor starts such a node and stops it again; it adds no firewall exception, and asks nobody
    /// for consent.
    /// </summary>
    public TeredoOptions Node { get; set; } = new();

    /// <summary>
    /// The full path of a program whose firewall exception is judged, for example that of this process; null (the default) to judge no program. Only
    /// Windows knows exceptions of programs.
    /// </summary>
    public string? ProgramPath { get; set; }

    /// <summary>
    /// Whether the doctor finds out if strangers get in, as <c>TeredoNode.CheckReachabilityAsync</c> does; off by default, because it takes up to 12 s.
    /// </summary>
    public bool CheckReachability { get; set; }

    /// <summary>The report of another node, to tell whether the two will be able to connect to each other; null (the default) without.</summary>
    public TeredoReport? Peer { get; set; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        if (Node is null)
            throw BadOption.Of(nameof(Node), "null", "the settings of a node");
        if (ProgramPath is "")
            throw BadOption.Of(nameof(ProgramPath), "''", "the full path of a program, or null");
        Node.Validate();
    }
}
