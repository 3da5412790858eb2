using System;
using System.Runtime.InteropServices;

namespace TeredoSdk.Xp;

/// <summary>What an exception of the firewall lets in, and how it is found and made there.</summary>
abstract class Opening
{
    // The HRESULT of ERROR_FILE_NOT_FOUND.
    const int NotFound = unchecked((int)0x80070002);

    protected Opening(string name)
    {
        if (string.IsNullOrEmpty(name))
            throw new ArgumentException("An exception of the firewall needs a name, so that people recognise it.", nameof(name));
        Name = name;
    }

    /// <summary>The name of the exception; it tells whose it is.</summary>
    public string Name { get; }

    /// <summary>What is let in, as the subject of a sentence.</summary>
    public abstract string Subject { get; }

    /// <summary>The question to the user.</summary>
    public abstract XpConsentRequest Request { get; }

    /// <summary>The exception that the firewall has, or null.</summary>
    public abstract Entry? Find(INetFwProfile profile);

    public abstract void Add(INetFwProfile profile, IXpSystem system);

    public abstract void Remove(INetFwProfile profile);

    protected static T? Found<T>(int result, T? found) where T : class
    {
        if (result < 0 && result != NotFound)
            Marshal.ThrowExceptionForHR(result);
        return result < 0 ? null : found;
    }

    /// <summary>An exception that the firewall has.</summary>
    internal sealed class Entry(string name, bool letsAllIn, bool isBuiltIn, Action widen)
    {
        public string Name { get; } = name;
        public bool LetsAllIn { get; } = letsAllIn;
        public bool IsBuiltIn { get; } = isBuiltIn;

        /// <summary>Switches it on, for all computers.</summary>
        public void Widen() => widen();
    }
}

/// <summary>A port, for all programs: an item of <c>INetFwOpenPorts</c>.</summary>
sealed class PortOpening : Opening
{
    readonly XpProtocol _protocol;
    readonly int _port;

    public PortOpening(XpProtocol protocol, int port, string name) : base(name)
    {
        if (port is < 1 or > ushort.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(port), port, "A port is a number from 1 to 65535.");
        if (protocol is not (XpProtocol.Tcp or XpProtocol.Udp))
            throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "A port is one of TCP or of UDP.");
        _protocol = protocol;
        _port = port;
    }

    public override string Subject => $"{Word} port {_port}";

    public override XpConsentRequest Request => Consent.OpenPort(Word, _port, Name);

    string Word => _protocol == XpProtocol.Tcp ? "TCP" : "UDP";

    public override Entry? Find(INetFwProfile profile) =>
        Found(profile.GloballyOpenPorts.Item(_port, _protocol, out var port), port) is not { } found ? null
            : new(found.Name, found.Enabled && found.Scope == NetFwScope.All, found.BuiltIn, () => Widen(found));

    public override void Add(INetFwProfile profile, IXpSystem system)
    {
        var made = (INetFwOpenPort)system.CreateComObject("HNetCfg.FwOpenPort");
        made.Name = Name;
        made.Port = _port;
        made.Protocol = _protocol; // the default is TCP
        Widen(made);
        profile.GloballyOpenPorts.Add(made);
    }

    public override void Remove(INetFwProfile profile) => profile.GloballyOpenPorts.Remove(_port, _protocol);

    static void Widen(INetFwOpenPort port)
    {
        port.Scope = NetFwScope.All;
        port.Enabled = true;
    }
}

/// <summary>A program, at all ports where it listens: an item of <c>INetFwAuthorizedApplications</c>.</summary>
sealed class ProgramOpening : Opening
{
    readonly string _path;

    public ProgramOpening(string path, string name) : base(name)
    {
        // The firewall would expand what is between percent signs.
        if (!IsFullPath(path) || path.IndexOfAny(['%', '"', '*', '?']) >= 0)
            throw new ArgumentException($"'{path}' is not the path of a program: expected a full one such as C:\\Games\\Chess.exe, without %.", nameof(path));
        _path = path;
    }

    /// <summary>The same, when there is a program to let in. An exception may outlive its program.</summary>
    public ProgramOpening Existing(IXpSystem system) => system.FileExists(_path) ? this
        : throw new ArgumentException($"There is no program '{_path}': install it first.");

    public override string Subject => $"The program '{_path}'";

    public override XpConsentRequest Request => Consent.AllowProgram(_path, Name);

    public override Entry? Find(INetFwProfile profile) =>
        Found(profile.AuthorizedApplications.Item(_path, out var program), program) is not { } found ? null
            : new(found.Name, found.Enabled && found.Scope == NetFwScope.All, isBuiltIn: false, () => Widen(found));

    public override void Add(INetFwProfile profile, IXpSystem system)
    {
        var made = (INetFwAuthorizedApplication)system.CreateComObject("HNetCfg.FwAuthorizedApplication");
        made.Name = Name;
        made.ProcessImageFileName = _path;
        Widen(made);
        profile.AuthorizedApplications.Add(made);
    }

    public override void Remove(INetFwProfile profile) => profile.AuthorizedApplications.Remove(_path);

    static bool IsFullPath(string? path) =>
        path?.Length > 3 && path[0] is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') && path[1] == ':' && path[2] == '\\';

    static void Widen(INetFwAuthorizedApplication program)
    {
        program.Scope = NetFwScope.All;
        program.Enabled = true;
    }
}
