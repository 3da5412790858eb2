using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TeredoSdk.Cli.Tests;

/// <summary>A headless Chromium with one empty tab, driven by its DevTools protocol. It shows files, and tells what they ask for.</summary>
sealed class Chromium : IAsyncDisposable
{
    const string Path = "/usr/bin/chromium", Listening = "DevTools listening on ";

    readonly Process _process;
    readonly string _profile;
    readonly ClientWebSocket _socket = new();
    readonly byte[] _buffer = new byte[1 << 20];
    string? _session;
    int _calls;

    Chromium(Process process, string profile) => (_process, _profile) = (process, profile);

    /// <summary>What the pages asked for, and what they wrote to the console.</summary>
    public List<string> Requests { get; } = [];

    public List<string> Console { get; } = [];

    /// <summary>Skips the test that runs when there is no Chromium.</summary>
    public static async Task<Chromium> StartAsync()
    {
        if (!File.Exists(Path))
            Assert.Ignore("Opening pages needs the package chromium.");
        string profile = Directory.CreateTempSubdirectory("chromium").FullName;
        // Without its sandbox it also runs as root; it opens nothing but the tests' own pages.
        var start = new ProcessStartInfo(Path, ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var chromium = new Chromium(Process.Start(start)!, profile);
        try
        {
            await chromium.ConnectAsync().WaitAsync(Patience.Limit);
        }
        catch
        {
            await chromium.DisposeAsync();
            throw;
        }
        return chromium;
    }

    /// <summary>Shows a file anew, and waits until it is loaded.</summary>
    /// <param name="file">The full path.</param>
    /// <param name="width">The width of the window in pixels.</param>
    /// <param name="scheme">light or dark: what the person prefers.</param>
    public async Task ShowAsync(string file, int width, string scheme)
    {
        await CallAsync("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = 800, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        await CallAsync("Emulation.setEmulatedMedia", new() { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });
        await CallAsync("Page.navigate", new() { ["url"] = new Uri(file).AbsoluteUri });
        await EvaluateAsync("new Promise(done => document.readyState == 'complete' ? done() : addEventListener('load', done))");
    }

    /// <summary>The value of an expression in the page; a promise is waited for.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        var answer = await CallAsync("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.That(answer["exceptionDetails"], Is.Null, expression);
        return answer["result"]!["value"];
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().WaitAsync(Patience.Limit);
        _process.Dispose();
        Directory.Delete(_profile, recursive: true);
    }

    async Task ConnectAsync()
    {
        string? line;
        do
            line = await _process.StandardError.ReadLineAsync() ?? throw new AssertionException("Chromium ended.");
        while (!line.StartsWith(Listening, StringComparison.Ordinal));
        _ = _process.StandardError.ReadToEndAsync();
        _ = _process.StandardOutput.ReadToEndAsync();
        await _socket.ConnectAsync(new(line[Listening.Length..]), default);
        var tab = await CallAsync("Target.createTarget", new() { ["url"] = "about:blank" });
        var attached = await CallAsync("Target.attachToTarget", new() { ["targetId"] = (string)tab["targetId"]!, ["flatten"] = true });
        _session = (string)attached["sessionId"]!;
        foreach (string domain in (string[])["Page", "Network", "Runtime", "Log"])
            await CallAsync($"{domain}.enable", []);
    }

    async Task<JsonNode> CallAsync(string method, JsonObject parameters)
    {
        var call = new JsonObject { ["id"] = ++_calls, ["method"] = method, ["params"] = parameters };
        if (_session is not null)
            call["sessionId"] = _session;
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(call), WebSocketMessageType.Text, true, default).WaitAsync(Patience.Limit);
        while (true)
        {
            var message = await ReceiveAsync().WaitAsync(Patience.Limit);
            if ((int?)message["id"] == _calls)
                return message["result"] ?? throw new AssertionException(string.Create(CultureInfo.InvariantCulture, $"{method}: {message["error"]}"));
            Note((string?)message["method"], message["params"]);
        }
    }

    void Note(string? happened, JsonNode? what)
    {
        if (happened == "Network.requestWillBeSent")
            Requests.Add((string)what!["request"]!["url"]!);
        else if (happened is "Runtime.consoleAPICalled" or "Runtime.exceptionThrown" or "Log.entryAdded")
            Console.Add(what!.ToJsonString());
    }

    async Task<JsonNode> ReceiveAsync()
    {
        int length = 0;
        while (true)
        {
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), default);
            length += part.Count;
            if (part.EndOfMessage)
                return JsonNode.Parse(_buffer.AsSpan(0, length))!;
        }
    }
}
