using System.Text.Json.Nodes;
using TeredoSdk.AspNetCore;
using TeredoSdk.Cli.Tests;
using TeredoSdk.Tests;

namespace TeredoSdk.Examples.Tests;

/// <summary>The page for spectators of examples/GameServer in a browser: live, by day and by night, on a desk and on a phone; and over Teredo.</summary>
[Platform("Linux")]
[Slow]
public sealed class GamePageTests
{
    readonly Loopback _lab = new();
    ChatProcess _host = null!, _bots = null!;
    string _game = "", _teredoPage = "", _localPage = "";
    Chromium _browser = null!;

    [OneTimeSetUp]
    public async Task Open()
    {
        string[] shared = ["--server", $"{_lab.Primary},{_lab.Secondary}", "--allow-private"];
        _host = ChatProcess.Of("GameServer", ["host", "--web", "0", .. shared]);
        _game = (await _host.SeeAsync("Game: "))["Game: ".Length..];
        _teredoPage = (await _host.SeeAsync("Page: http://[2001:0:"))["Page: ".Length..];
        _localPage = (await _host.SeeAsync("Page: http://127"))["Page: ".Length..];
        _bots = ChatProcess.Of("GameServer", ["bots", "3", _game, .. shared]);
        _browser = await Chromium.StartAsync();
    }

    [OneTimeTearDown]
    public async Task Close()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _bots?.Dispose();
        _host?.Dispose();
        await _lab.DisposeAsync();
    }

    [Test]
    public async Task Page_IsLive_AndFits([Values(390, 1100)] int width, [Values("light", "dark")] string scheme)
    {
        await _browser.ShowAsync(_localPage, width, scheme);
        await _browser.EvaluateAsync("new Promise(done => { const wait = setInterval(() => document.querySelectorAll('li').length == 3 && (clearInterval(wait), done()), 50); })");
        var page = (await _browser.EvaluateAsync(Look))!;
        Assert.Multiple(() =>
        {
            Assert.That((bool)page["isDark"]!, Is.EqualTo(scheme == "dark"), "the paper");
            Assert.That((int)page["scrolls"]!, Is.Zero, "pixels beside the window");
            Assert.That((string)page["state"]!, Does.StartWith("3 of 64 players, live."));
            Assert.That(page["players"]!.AsArray().Select(player => (string)player!), Is.All.Match(@"bot[123]\d+ gems\d+ ms round trip, \d+\.\d % lost, NAT 127\.0\.0\.1:\d+, server 127\."));
            Assert.That((int)page["painted"]!, Is.GreaterThan(1000), "pixels of the arena that are not empty");
            Assert.That((int)page["timed"]!, Is.GreaterThan(100), "pixels of the graph that are not empty");
            Assert.That((string)page["budget"]!, Does.Contain("a tick has 33 ms"));
            Assert.That(page["texts"]!.AsArray().Where(text => (double)text!["contrast"]! < 4.5).Select(text => text!.ToJsonString()), Is.Empty, "hard to read");
        });
        await _browser.EvaluateAsync("new Promise(done => { const before = updates, wait = setInterval(() => updates > before + 5 && (clearInterval(wait), done()), 50); })");
        Assert.That(_browser.Console, Is.Empty);
        Assert.That(_browser.Requests.Select(request => new Uri(request).Authority).Distinct(), Is.SubsetOf(new[] { new Uri(_localPage).Authority, "" }));
    }

    [Test]
    public async Task Page_IsThereOverTeredo_AndSoAreItsEvents()
    {
        var node = await _lab.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(node));
        Assert.That(await client.GetStringAsync(_teredoPage).InTime(), Does.Contain("Gems over Teredo"));
        using var events = new StreamReader(await client.GetStreamAsync($"{_teredoPage}/events").InTime());
        for (int texts = 0; texts < 3;)
        {
            string line = (await events.ReadLineAsync().InTime())!;
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            Assert.That(JsonNode.Parse(line["data: ".Length..])!["gems"]!.AsArray(), Has.Count.EqualTo(100));
            texts++;
        }
    }

    const string Look = """
        (() => {
          const channels = colour => colour.match(/[\d.]+/g).map(Number);
          const light = colour => channels(colour).slice(0, 3).map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
          const paper = getComputedStyle(document.body).backgroundColor;
          const painted = id => {
            const canvas = document.getElementById(id), octets = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return octets.reduce((count, octet, i) => count + (i % 4 === 3 && octet > 0 ? 1 : 0), 0);
          };
          const words = element => [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => node.data.trim()).join('');
          return {
            isDark: light(paper) < 0.2,
            scrolls: Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
            state: document.getElementById('state').textContent,
            budget: document.getElementById('budget').textContent,
            players: [...document.querySelectorAll('li')].map(row => row.textContent),
            painted: painted('arena'), timed: painted('times'),
            texts: [...document.body.querySelectorAll('h1, h2, p, b, small, span')].filter(words)
              .map(element => ({ text: words(element), contrast: contrast(getComputedStyle(element).color, paper) })),
          };
        })()
        """;
}
