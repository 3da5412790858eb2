using System.Text;

namespace TeredoSdk.Setup.Linux;

/// <summary>The text of the units: as little of the machine as the command needs (systemd.exec(5), "Sandboxing").</summary>
static class UnitText
{
    /// <param name="names">The service's names.</param>
    /// <param name="options">The command.</param>
    /// <param name="dotnetRoot">Where .NET is, when it is not where programs look for it by themselves.</param>
    public static string Of(ServiceNames names, TeredoServiceOptions options, string? dotnetRoot) => $"""
        {UnitSetting.Mark} "teredo remove --service {names.Command}" takes it back.
        # A change by hand belongs into a drop-in: systemctl edit {names.Unit}

        [Unit]
        Description=Teredo {names.Command}
        Wants=network-online.target
        After=network-online.target nftables.service firewalld.service ufw.service

        [Service]
        Type={(options.Service == TeredoService.Client ? "exec" : "notify")}
        ExecStart={string.Join(' ', ((string[])[options.ProgramPath, names.Command, .. options.Arguments]).Select(Quote))}
        Restart=on-failure
        RestartSec=5
        Environment=DOTNET_EnableDiagnostics=0{(dotnetRoot is null ? "" : $"\nEnvironment={Quote($"DOTNET_ROOT={dotnetRoot}")}")}

        DynamicUser=yes
        StateDirectory={names.Base}
        {Capabilities(options.Service)}
        {Devices(options.Service)}
        NoNewPrivileges=yes
        ProtectSystem=strict
        ProtectHome=yes
        ProtectProc=invisible
        PrivateTmp=yes
        {SameForAll}
        # Not MemoryDenyWriteExecute=: .NET compiles while it runs.

        [Install]
        WantedBy=multi-user.target

        """;

    /// <summary>A unit that adds the rules of nftables again when their tables were loaded anew.</summary>
    public static string OfNft(ServiceNames names, string nft, string shell, IReadOnlyList<NftChain> chains, int port)
    {
        string add = string.Join("; ", chains.Select(chain =>
            $"{nft} list chain {chain} | grep -qF '\"{names.Comment}\"' || {nft} 'insert rule {chain} {string.Join(' ', NftRuleSetting.Rule(chain, port, names.Comment))}'"));
        string command = $"{shell} -ec {Quote(add)}";
        return $"""
            {UnitSetting.Mark} "teredo remove --service {names.Command}" takes it back.

            [Unit]
            Description=Firewall exception of {names.Unit} (UDP port {port})
            After=nftables.service
            PartOf=nftables.service
            ReloadPropagatedFrom=nftables.service

            [Service]
            Type=oneshot
            RemainAfterExit=yes
            ExecStart={command}
            ExecReload={command}

            CapabilityBoundingSet=CAP_NET_ADMIN
            NoNewPrivileges=yes
            ProtectSystem=strict
            ProtectHome=yes
            ProtectProc=invisible
            PrivateTmp=yes
            PrivateDevices=yes
            RestrictAddressFamilies=AF_NETLINK
            {SameForAll.Replace(Families, "", StringComparison.Ordinal).Trim()}
            MemoryDenyWriteExecute=yes

            [Install]
            WantedBy=multi-user.target nftables.service

            """;
    }

    // AF_UNIX is for the word that it serves (sd_notify) and for name services, AF_NETLINK for news of the network.
    const string Families = "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX\n";

    const string SameForAll = Families + """
        ProtectKernelTunables=yes
        ProtectKernelModules=yes
        ProtectKernelLogs=yes
        ProtectControlGroups=yes
        ProtectClock=yes
        ProtectHostname=yes
        LockPersonality=yes
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        RemoveIPC=yes
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallFilter=~@privileged
        SystemCallErrorNumber=EPERM
        UMask=0077
        """;

    // A server forwards to native IPv6 through a raw socket. Relay and client have a network device.
    static string Capabilities(TeredoService service)
    {
        string capability = service == TeredoService.Server ? "CAP_NET_RAW" : "CAP_NET_ADMIN";
        return $"AmbientCapabilities={capability}\nCapabilityBoundingSet={capability}";
    }

    static string Devices(TeredoService service) => service == TeredoService.Server ? "PrivateDevices=yes" : "DevicePolicy=closed\nDeviceAllow=/dev/net/tun rw";

    /// <summary>Quotes an argument for a command line of a unit (systemd.service(5), "Command lines"): % and $ mean something there.</summary>
    static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
            quoted.Append(c switch { '"' => "\\\"", '\\' => "\\\\", '%' => "%%", '$' => "$$", _ => $"{c}" });
        quoted.Append('"');
        return quoted.Length == text.Length + 2 && text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,=@+".Contains(c)) ? text : quoted.ToString();
    }
}
