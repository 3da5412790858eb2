namespace TeredoSdk.Testing;

/// <summary>The words of netsh in one language.</summary>
sealed class FakeNetshText
{
    // The rows of "show state" in order. The rows of the error and of its number are there only when there is one.
    const int ErrorRow = 5, ErrorCodeRow = 6;

    static readonly FakeNetshText English = new()
    {
        Title = "Teredo Parameters",
        Rows =
        [
            "Type", "Server Name", "Client Refresh Interval", "Client Port", "State", "Error", "Error Code", "Client Type", "Network", "NAT",
            "NAT Special Behaviour", "Local Mapping", "External NAT Mapping",
        ],
    };

    // Labels, the word for "none", the errors and the English mark of a policy are those of posted outputs.
    static readonly FakeNetshText Chinese = new()
    {
        Title = "Teredo 参数",
        Rows =
        [
            "类型", "服务器名称", "客户端刷新间隔", "客户端端口", "状态", "错误", "错误代码", "客户端类型", "网络", "NAT", "NAT 特殊行为", "本地映射", "外部 NAT 映射",
        ],
        None = "无",
        Seconds = "秒",
        Done = "确定。\r\n",
        NeedsElevation = "请求的操作需要提升(以管理员身份运行)。\r\n",
        BadArgument = "参数错误。\r\n",
        Errors =
        {
            [FakeTeredo.ServerSilentError] = "无法通过 UDP 访问主 teredo 服务器",
            [FakeTeredo.ManagedError] = "客户端位于托管网络中",
            ["failed to resolve the server name"] = "未能解析服务器名",
            ["failed to open the tunnel adapter"] = "未能打开隧道适配器",
            ["general system failure"] = "一般系统故障",
        },
    };

    static readonly FakeNetshText German = new()
    {
        Title = "Teredo-Parameter",
        Rows =
        [
            "Typ", "Servername", "Clientaktual.-Intervall", "Clientport", "Status", "Fehler", "Fehlercode", "Clienttyp", "Netzwerk", "NAT", "NAT-Spezialverhalten",
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
            [FakeTeredo.ServerSilentError] = "Der primäre Server ist über UDP nicht erreichbar",
            [FakeTeredo.ManagedError] = "Der Client befindet sich in einem verwalteten Netzwerk",
            ["failed to resolve the server name"] = "Der Servername konnte nicht aufgelöst werden",
            ["failed to open the tunnel adapter"] = "Der Tunneladapter konnte nicht geöffnet werden",
            ["general system failure"] = "Allgemeiner Systemfehler",
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

    public IEnumerable<string> Labels(bool hasError, bool hasCode) =>
        Rows.Where((_, row) => (hasError || row != ErrorRow) && (hasCode || row != ErrorCodeRow));

    public string Translate(string error) => Errors.GetValueOrDefault(error, error);
}
