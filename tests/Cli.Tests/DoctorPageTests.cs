using System.Net;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Cli.Tests;

/// <summary>The page of <c>teredo doctor --html</c>, opened in a browser: by day and by night, on a desk and on a phone.</summary>
[Platform("Linux")]
[Slow]
public sealed class DoctorPageTests
{
    const string Hostile = """<script>document.title = 'taken'</script><img src="http://127.0.0.1:9/x" onerror="document.title = 'taken'">' " & </style></svg>""";

    static readonly string File = Path.Combine(TestContext.CurrentContext.WorkDirectory, "doctor-in-a-browser.html");

    static readonly TeredoDiagnosis Diagnosis = new()
    {
        Report = StatusTests.EmptyReport with
        {
            Address = IPAddress.Parse("2001:0:2d2d:2d01:2cf1:63bf:d2d2:d2f5"),
            KernelSockets = true,
            Server = IPAddress.Parse("45.45.45.1"),
            SecondaryServer = IPAddress.Parse("45.45.45.2"),
            Mapping = MappingBehaviour.AddressOrPortDependent,
            NatName = "symmetric",
            MappedEndPoint = IPEndPoint.Parse("45.45.45.111:40000"),
            Reachability = Reachability.No,
        },
        Findings =
        [
            Finding(FindingIds.ReachabilityNone, FindingSeverity.Error, "strangers"),
            Finding(FindingIds.NatSymmetric, FindingSeverity.Warning, "NAT"),
            Finding(FindingIds.ServerSecondarySilent, FindingSeverity.Warning, new string('w', 500)),
            Finding(FindingIds.NetworkNativeIPv6, FindingSeverity.Note, "2001:db8::1"),
        ],
    };

    Chromium _browser = null!;

    [OneTimeSetUp]
    public async Task Open()
    {
        await System.IO.File.WriteAllTextAsync(File, DoctorPage.Of(Diagnosis, new()));
        _browser = await Chromium.StartAsync();
    }

    [OneTimeTearDown]
    public async Task Close()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
    }

    // WCAG 2.1, 1.4.3 and 1.4.11: 4.5 for text, 3 for what a picture means.
    [Test]
    public async Task Page_IsReadable([Values(390, 1000)] int width, [Values("light", "dark")] string scheme)
    {
        await _browser.ShowAsync(File, width, scheme);
        var page = (await _browser.EvaluateAsync(Look))!;
        Assert.Multiple(() =>
        {
            Assert.That((bool)page["isDark"]!, Is.EqualTo(scheme == "dark"), "the paper");
            Assert.That((int)page["scrolls"]!, Is.Zero, "pixels beside the window");
            Assert.That(page["texts"]!.AsArray(), Has.Count.GreaterThan(30));
            Assert.That(page["texts"]!.AsArray().Where(text => (double)text!["contrast"]! < 4.5).Select(text => text!.ToJsonString()), Is.Empty, "hard to read");
            Assert.That(page["frames"]!.AsArray().Where(frame => (double)frame!["contrast"]! < 3).Select(frame => frame!.ToJsonString()), Is.Empty, "hard to see");
            Assert.That(page["outside"]!.AsArray().Select(text => (string)text!), Is.Empty, "text that leaves its box");
            Assert.That(page["pictures"]!.AsArray(), Has.Count.EqualTo(1), "wide or tall");
            Assert.That(page["pictures"]![0]!.AsArray().Select(place => (string)place!), Is.EqualTo(new[]
            {
                "Application good", "NAT weak", "Server weak", "Peer broken",
            }));
        });
    }

    [Test]
    public async Task NamesWithMarkup_StayText_AndNothingLeavesThePage()
    {
        await _browser.ShowAsync(File, 1000, "light");
        var page = (await _browser.EvaluateAsync("({ title: document.title, scripts: document.scripts.length, images: document.images.length, text: document.body.textContent })"))!;
        Assert.Multiple(() =>
        {
            Assert.That((string)page["title"]!, Does.StartWith("Teredo: "));
            Assert.That(((int)page["scripts"]!, (int)page["images"]!), Is.EqualTo((0, 0)));
            // Subject, problem, evidence, who set it, fix and command of each finding.
            Assert.That(((string)page["text"]!).Split(Hostile), Has.Length.EqualTo((6 * Diagnosis.Findings.Count) + 1));
            Assert.That(_browser.Requests.Distinct(), Is.EqualTo(new[] { new Uri(File).AbsoluteUri }));
            Assert.That(_browser.Console, Is.Empty);
        });
    }

    static Finding Finding(string id, FindingSeverity severity, string subject) => new()
    {
        Id = id,
        Severity = severity,
        Subject = $"{subject} {Hostile}",
        Problem = $"Something is wrong: {Hostile}.",
        Evidence = [Hostile],
        SetBy = Hostile,
        Fix = new() { Sentence = $"Do this: {Hostile}", Command = $"run {Hostile} {new string('-', 300)}" },
    };

    // Colours as the browser computes them, each against what is painted behind it.
    const string Look = """
        (() => {
          const channels = colour => colour.match(/[\d.]+/g).map(Number);
          const light = colour => channels(colour).slice(0, 3).map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
          const behind = element => {
            for (; element; element = element.parentElement) {
              const colour = getComputedStyle(element).backgroundColor;
              if (channels(colour)[3] !== 0) return colour;
            }
            return 'rgb(255, 255, 255)';
          };
          const isShown = element => element.getClientRects().length > 0;
          const words = element => [...element.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => node.data.trim()).join('');
          const texts = [], outside = [];
          for (const element of document.body.querySelectorAll('*')) {
            if (!isShown(element) || !words(element)) continue;
            const box = element.closest('g')?.querySelector('rect');
            const style = getComputedStyle(element);
            texts.push({ text: words(element).slice(0, 40), contrast: box ? contrast(style.fill, getComputedStyle(box).fill) : contrast(style.color, behind(element)) });
            if (!box) continue;
            const [inner, outer] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
            if (inner.left < outer.left || inner.right > outer.right || inner.top < outer.top || inner.bottom > outer.bottom) outside.push(words(element));
          }
          const pictures = [...document.querySelectorAll('svg')].filter(isShown);
          const frames = pictures.flatMap(picture => [...picture.querySelectorAll('rect, path')])
            .map(shape => ({ shape: shape.parentElement.className.baseVal, contrast: contrast(getComputedStyle(shape).stroke, behind(shape)) }));
          return {
            isDark: light(getComputedStyle(document.body).backgroundColor) < 0.2,
            scrolls: Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
            texts, frames, outside,
            pictures: pictures.map(picture => [...picture.querySelectorAll('g')].map(g => `${g.querySelector('text').textContent} ${g.className.baseVal}`)),
          };
        })()
        """;
}
