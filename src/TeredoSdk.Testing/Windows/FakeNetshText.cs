namespace TeredoSdk.Testing;

/// <summary>The words of netsh in one language.</summary>
sealed class FakeNetshText
{
    // The rows of "show state" in order. The row of the error is there only when there is one.
    const int ErrorRow = 5;

    static readonly FakeNetshText English = new()
    {
        Title = "Teredo Parameters",
        Rows =
        [
            "Type", "Server Name", "Client Refresh Interval", "Client Port", "State", "Error", "Client Type", "Network", "NAT",
            "NAT Special Behaviour", "Local Mapping", "External NAT Mapping",
        ],
    };

    // Title, the first six labels and the word for "none" are those of a posted output.
    static readonly FakeNetshText Chinese = new()
    {
        Title = "Teredo 参数",
        Rows =
        [
            "类型", "服务器名称", "客户端刷新间隔", "客户端端口", "状态", "错误", "客户端类型", "网络", "NAT", "NAT 特殊行为", "本地映射", "外部 NAT 映射",
        ],
        None = "无",
        Seconds = "秒",
        ByPolicy = " (组策略)",
        Done = "确定。\r\n",
        NeedsElevation = "请求的操作需要提升(以管理员身份运行)。\r\n",
        BadArgument = "参数错误。\r\n",
        Errors = { ["primary server unreachable over UDP"] = "主服务器无法通过 UDP 访问", ["client is in a managed network"] = "客户端处于托管网络中" },
    };

    static readonly FakeNetshText German = new()
    {
        Title = "Teredo-Parameter",
        Rows =
        [
            "Typ", "Servername", "Clientaktual.-Intervall", "Clientport", "Status", "Fehler", "Clienttyp", "Netzwerk", "NAT", "NAT-Spezialverhalten",
            "Lokale Zuordnung", "Externe NAT-Zuordnung",
        ],
        None = "keine",
        Seconds = "Sekunden",
        ByPolicy = " (Gruppenrichtlinie)",
        Done = "OK.\r\n",
        NeedsElevation = "Der angeforderte Vorgang erfordert erhöhte Rechte (als Administrator ausführen).\r\n",
        BadArgument = "Falscher Parameter.\r\n",
        Errors =
        {
            ["primary server unreachable over UDP"] = "Der primäre Server ist über UDP nicht erreichbar",
            ["client is in a managed network"] = "Der Client befindet sich in einem verwalteten Netzwerk",
        },
    };

    public required string Title { get; init; }

    public required IReadOnlyList<string> Rows { get; init; }

    /// <summary>The word for no error and no server.</summary>
    public string None { get; init; } = "none";

    public string Seconds { get; init; } = "seconds";

    public string ByPolicy { get; init; } = " (Group Policy)";

    public string Done { get; init; } = "Ok.\r\n";

    public string NeedsElevation { get; init; } = "The requested operation requires elevation (Run as administrator).\r\n";

    public string BadArgument { get; init; } = "The parameter is incorrect.\r\n";

    Dictionary<string, string> Errors { get; } = [];

    public static FakeNetshText Of(FakeNetshLanguage language) => language switch
    {
        FakeNetshLanguage.Chinese => Chinese,
        FakeNetshLanguage.German => German,
        _ => English,
    };

    public IEnumerable<string> Labels(bool hasError) => Rows.Where((_, row) => hasError || row != ErrorRow);

    public string Translate(string error) => Errors.GetValueOrDefault(error, error);
}
