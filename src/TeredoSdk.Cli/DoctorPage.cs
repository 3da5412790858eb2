using System.Globalization;
using System.Net;
using System.Text;

namespace TeredoSdk.Cli;

/// <summary>A diagnosis as one page for a browser, without scripts and without anything to load.</summary>
static class DoctorPage
{
    const string Style = """
        :root { color-scheme: light dark; --ink: #1c2430; --soft: #556070; --paper: #fbfbf9; --card: #fff; --line: #d5d9e0;
          --good: #17703c; --weak: #8a5a00; --broken: #b3261e; --unknown: #5b6472 }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8eaee; --soft: #a9b2bf; --paper: #14171c; --card: #1d2229; --line: #3a424e;
          --good: #67d391; --weak: #f0b95a; --broken: #ff8f86; --unknown: #a9b2bf } }
        * { box-sizing: border-box }
        body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 62rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
        h1 { font-size: 1.4rem; margin: 0 0 .2rem } h2 { font-size: 1.05rem; margin: 0 }
        p { margin: .4rem 0 } .soft { color: var(--soft) }
        svg { display: block; width: 100%; margin: 1.2rem 0 } svg.tall { display: none }
        @media (max-width: 40rem) { svg.wide { display: none } svg.tall { display: block; max-width: 24rem; margin-inline: auto } }
        svg rect { fill: var(--card); stroke-width: 2 } svg path { fill: none; stroke: var(--soft); stroke-width: 2; stroke-linecap: round }
        svg text { fill: var(--ink); font-size: 13px } svg .name { font-size: 16px; font-weight: 600 }
        .good rect { stroke: var(--good) } .weak rect { stroke: var(--weak) } .broken rect { stroke: var(--broken) }
        .unknown rect { stroke: var(--unknown); stroke-dasharray: 5 4 }
        .good .mark { fill: var(--good) } .weak .mark { fill: var(--weak) } .broken .mark { fill: var(--broken) } .unknown .mark { fill: var(--unknown) }
        section { background: var(--card); border: 1px solid var(--line); border-left: .35rem solid var(--unknown); border-radius: .4rem; padding: .8rem 1rem; margin: .8rem 0 }
        section.error { border-left-color: var(--broken) } section.warning { border-left-color: var(--weak) }
        .id { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere }
        ul { margin: .4rem 0; padding-left: 1.2rem } li, p, h2 { overflow-wrap: anywhere }
        pre { margin: .4rem 0 0; padding: .6rem; border: 1px solid var(--line); border-radius: .3rem; overflow-x: auto; font-size: .85rem }
        """;

    public static string Of(TeredoDiagnosis diagnosis, TeredoDoctorOptions options)
    {
        var path = DoctorPlace.PathOf(diagnosis, options);
        var page = new StringBuilder();
        page.Append($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Teredo: {Text(DoctorText.Count(diagnosis))}</title>
            <style>
            {Style}
            </style>
            </head>
            <body>
            <h1>{(diagnosis.IsSound ? "Teredo works here" : "Something is wrong")}</h1>
            <p>Address: {Text(diagnosis.Report.Address?.ToString() ?? "none")}<br>Reachable: {Text(DoctorText.Reachable(diagnosis.Report))}<br>Findings: {Text(DoctorText.Count(diagnosis))}</p>

            """);
        Draw(page, "wide", path, 960, 140, step: (244, 0));
        Draw(page, "tall", path, 360, 560, step: (0, 146));
        foreach (var finding in diagnosis.Findings)
            Describe(page, finding);
        page.Append(CultureInfo.InvariantCulture, $"""
            <p class="soft">Written by teredo doctor on {DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm} UTC. This page holds addresses of the machine.</p>
            </body>
            </html>

            """);
        return page.ToString();
    }

    static void Draw(StringBuilder page, string layout, IReadOnlyList<DoctorPlace> path, int width, int height, (int X, int Y) step)
    {
        string told = string.Join("; ", path.Select(place => $"{place.Name}: {Word(place.State)}, {string.Join(", ", place.Lines)}"));
        bool isWide = step.Y == 0;
        int boxWidth = isWide ? 226 : 350, boxHeight = isWide ? 120 : 110, gap = isWide ? step.X - boxWidth : step.Y - boxHeight;
        page.Append(CultureInfo.InvariantCulture, $"""<svg class="{layout}" viewBox="0 0 {width} {height}" role="img" aria-label="{Text(told)}">""").Append('\n');
        for (int i = 0; i < path.Count; i++)
        {
            var place = path[i];
            int x = 1 + (i * step.X), y = 1 + (i * step.Y);
            page.Append(CultureInfo.InvariantCulture, $"""<g class="{Word(place.State).Replace(' ', '-')}"><rect x="{x}" y="{y}" width="{boxWidth}" height="{boxHeight}" rx="8"/>""");
            page.Append(CultureInfo.InvariantCulture, $"""<text class="name" x="{x + 14}" y="{y + 28}">{place.Name}</text>""");
            page.Append(CultureInfo.InvariantCulture, $"""<text class="mark" x="{x + 14}" y="{y + 52}">{Mark(place.State)} {Word(place.State)}</text>""");
            for (int line = 0; line < place.Lines.Count; line++)
                page.Append(CultureInfo.InvariantCulture, $"""<text x="{x + 14}" y="{y + 76 + (line * 20)}"{Fit(place.Lines[line], boxWidth - 28)}>{Text(place.Lines[line])}</text>""");
            page.Append("</g>\n");
            if (i == path.Count - 1)
                continue;
            page.Append(isWide
                ? string.Create(CultureInfo.InvariantCulture, $"""<path d="M{x + boxWidth + 2} {y + 60}h{gap - 4}m-5 -5l5 5l-5 5"/>""")
                : string.Create(CultureInfo.InvariantCulture, $"""<path d="M{x + (boxWidth / 2)} {y + boxHeight + 4}v{gap - 8}m-6 -6l6 6l6 -6"/>""")).Append('\n');
        }
        page.Append("</svg>\n");
    }

    // A long address is squeezed into its box.
    static string Fit(string line, int room) => line.Length * 7 > room
        ? string.Create(CultureInfo.InvariantCulture, $""" textLength="{room}" lengthAdjust="spacingAndGlyphs" """) : "";

    static void Describe(StringBuilder page, Finding finding)
    {
        page.Append($"""<section class="{ReportTable.Words(finding.Severity)}"><p class="id">{ReportTable.Words(finding.Severity)} · {finding.Id}</p>""");
        page.Append($"<h2>{Text(finding.Subject)}</h2><p>{Text(Wording.Of(finding.Problem))}</p>");
        if (finding.Evidence.Count > 0)
            page.Append("<ul class=\"soft\">").AppendJoin("", finding.Evidence.Select(reading => $"<li>{Text(Wording.Of(reading))}</li>")).Append("</ul>");
        if (finding.SetBy is { } who)
            page.Append($"""<p class="soft">Set by: {Text(who)}</p>""");
        if (finding.Fix is { } fix)
            page.Append($"<p><strong>Fix:</strong> {Text(Wording.Of(fix.Sentence))}{DoctorText.Conditions(fix)}</p>");
        if (finding.Fix?.Command is { } command)
            page.Append($"<pre>{Text(command)}</pre>");
        page.Append("</section>\n");
    }

    static string Word(PlaceState state) => ReportTable.Words(state);

    // The colour alone would not tell everybody.
    static char Mark(PlaceState state) => state switch
    {
        PlaceState.Good => '\u2713',
        PlaceState.Weak => '!',
        PlaceState.Broken => '\u2717',
        _ => '?',
    };

    static string Text(string text) => WebUtility.HtmlEncode(text);
}
