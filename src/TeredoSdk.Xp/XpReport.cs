using System.Collections.Generic;
using System.Net;

namespace TeredoSdk.Xp;

/// <summary>The steps of <see cref="XpTeredo.Prepare"/>, in their order.</summary>
public enum XpStepKind
{
    /// <summary>IPv6 is installed.</summary>
    IPv6,
    /// <summary>Windows' Teredo client is enabled, and fixed at its UDP port.</summary>
    Teredo,
    /// <summary>The UDP port of the Teredo client is open in the firewall.</summary>
    TeredoPort,
    /// <summary>The TCP port of the application is open in the firewall.</summary>
    TcpPort,
    /// <summary>The application is let through the firewall.</summary>
    Program,
    /// <summary>An interface has a Teredo address.</summary>
    Address,
}

/// <summary>The outcome of a step. A step that fails has no outcome; it throws an <see cref="XpTeredoException"/>.</summary>
public enum XpStepOutcome
{
    /// <summary>The state was already as wanted; nothing was changed.</summary>
    AlreadySo,
    /// <summary>The state was changed and read back.</summary>
    Changed,
    /// <summary>The state was not checked; the detail says why.</summary>
    NotChecked,
}

/// <summary>One step and its outcome. Immutable.</summary>
public sealed class XpStep
{
    internal XpStep(XpStepKind kind, XpStepOutcome outcome, string detail)
    {
        Kind = kind;
        Outcome = outcome;
        Detail = detail;
    }

    /// <summary>The kind of the step.</summary>
    public XpStepKind Kind { get; }

    /// <summary>The step's outcome.</summary>
    public XpStepOutcome Outcome { get; }

    /// <summary>A sentence for the user: what was found, and what is left to do.</summary>
    public string Detail { get; }

    /// <summary>The step as one line.</summary>
    public override string ToString() => $"{Kind}: {Outcome}. {Detail}";
}

/// <summary>The findings and changes of <see cref="XpTeredo.Prepare"/>. Immutable.</summary>
public sealed class XpReport
{
    internal XpReport(IEnumerable<XpStep> steps, IPAddress? address, bool restartRequired)
    {
        Steps = new List<XpStep>(steps).AsReadOnly();
        Address = address;
        RestartRequired = restartRequired;
    }

    /// <summary>The six steps, in the order of <see cref="XpStepKind"/>.</summary>
    public IList<XpStep> Steps { get; }

    /// <summary>The Teredo address; null when the application must be restarted first.</summary>
    public IPAddress? Address { get; }

    /// <summary>
    /// Whether IPv6 was installed after this process had started. The .NET Framework checks for IPv6 only once, so the application must be restarted.
    /// </summary>
    public bool RestartRequired { get; }
}
