using System.Collections.Generic;
using System.Net;

namespace TeredoSdk.Xp;

/// <summary>The steps of <see cref="XpTeredo.Prepare"/>, in their order.</summary>
public enum XpStepKind
{
    /// <summary>IPv6 is installed.</summary>
    IPv6,
    /// <summary>Windows' Teredo client is enabled.</summary>
    Teredo,
    /// <summary>The port exception is in the firewall.</summary>
    PortException,
    /// <summary>An interface has a Teredo address.</summary>
    Address,
}

/// <summary>What became of a step. One that failed is no outcome but an <see cref="XpTeredoException"/>.</summary>
public enum XpStepOutcome
{
    /// <summary>It was so before; nothing was changed.</summary>
    AlreadySo,
    /// <summary>It was not so, became so, and was read back.</summary>
    Changed,
    /// <summary>It was not looked at; the detail says why.</summary>
    NotChecked,
}

/// <summary>One step and what became of it. Immutable.</summary>
public sealed class XpStep
{
    internal XpStep(XpStepKind kind, XpStepOutcome outcome, string detail)
    {
        Kind = kind;
        Outcome = outcome;
        Detail = detail;
    }

    /// <summary>Which step.</summary>
    public XpStepKind Kind { get; }

    /// <summary>What became of it.</summary>
    public XpStepOutcome Outcome { get; }

    /// <summary>A sentence for people: what was found, and what is left to do.</summary>
    public string Detail { get; }

    /// <summary>The step as one line.</summary>
    public override string ToString() => $"{Kind}: {Outcome}. {Detail}";
}

/// <summary>What <see cref="XpTeredo.Prepare"/> found and did. Immutable.</summary>
public sealed class XpReport
{
    internal XpReport(IEnumerable<XpStep> steps, IPAddress? address, bool restartRequired)
    {
        Steps = new List<XpStep>(steps).AsReadOnly();
        Address = address;
        RestartRequired = restartRequired;
    }

    /// <summary>The four steps, in the order of <see cref="XpStepKind"/>.</summary>
    public IList<XpStep> Steps { get; }

    /// <summary>The Teredo address, or null while the application has yet to be restarted.</summary>
    public IPAddress? Address { get; }

    /// <summary>
    /// Whether IPv6 came only after this process had started: its .NET Framework looks once, so the application must be started again.
    /// </summary>
    public bool RestartRequired { get; }
}
