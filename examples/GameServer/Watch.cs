using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using GameServer.Game;

namespace GameServer;

/// <summary>
/// Watches a game for spectators: ten times a second it makes one text of the whole, which all of them get. So a spectator costs the game nothing, and
/// sees no more often than that.
/// </summary>
sealed class Watch(Server server)
{
    /// <summary>How many ticks lie between two texts.</summary>
    public const int EveryTicks = 3;

    const int KeptTimes = 300;

    readonly double[] _times = new double[KeptTimes]; // of ticks, in milliseconds
    readonly Stopwatch _since = Stopwatch.StartNew();
    readonly TimeSpan _cpuBefore = Process.GetCurrentProcess().TotalProcessorTime;
    readonly ArrayBufferWriter<byte> _json = new();
    long _ticks, _in, _out;

    /// <summary>The state as JSON. Any thread may read it.</summary>
    public string Latest { get; private set; } = "{}";

    public int Players { get; private set; }

    public void CountIn(int octets) => Interlocked.Add(ref _in, octets);

    public void CountOut(int octets) => Interlocked.Add(ref _out, octets);

    /// <summary>Is called after each tick, while nobody changes the game.</summary>
    public void Tick(TimeSpan took)
    {
        _times[_ticks++ % KeptTimes] = took.TotalMilliseconds;
        Players = server.Players.Count;
        if (_ticks % EveryTicks == 0)
            Latest = Describe();
    }

    /// <summary>One line for a terminal.</summary>
    public string Line
    {
        get
        {
            double seconds = Math.Max(_since.Elapsed.TotalSeconds, 1), each = Math.Max(Players, 1);
            double cpu = (Process.GetCurrentProcess().TotalProcessorTime - _cpuBefore).TotalSeconds / seconds * 100;
            var times = _times[..(int)Math.Min(_ticks, KeptTimes)].Order().ToArray();
            double p99 = times.Length == 0 ? 0 : times[(times.Length - 1) * 99 / 100];
            return string.Create(CultureInfo.InvariantCulture,
                $"{Players} players; tick p99 {p99:0.00} ms of {Arena.TickTime.TotalMilliseconds:0}; {Interlocked.Read(ref _in) / seconds / 1000:0.0} kB/s in, "
                + $"{Interlocked.Read(ref _out) / seconds / 1000:0.0} out; for each player {(_in + _out) / seconds / each / 1000:0.0} kB/s and {cpu / each:0.0} % of a core; dropped {Drops}");
        }
    }

    /// <summary>The players, the best first, for a terminal. Is called while nobody changes the game.</summary>
    public string Scores
    {
        get
        {
            var lines = new StringBuilder();
            foreach (var player in server.Players.OrderByDescending(player => server.World[player.Id].Score))
                lines.AppendLine(CultureInfo.InvariantCulture, $"{player.Name,16} {server.World[player.Id].Score,5}   {player.RoundTrip.TotalMilliseconds:0} ms, {player.Loss:P0} lost, {player.Peer.Network}");
            return lines.ToString().TrimEnd();
        }
    }

    long Drops => Enum.GetValues<Drop>().Sum(reason => server[reason]);

    string Describe()
    {
        _json.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_json))
        {
            json.WriteStartObject();
            json.WriteNumber("size", Arena.Size);
            json.WriteNumber("budget", Arena.TickTime.TotalMilliseconds);
            json.WriteStartArray("pillars");
            foreach (var (left, top, right, bottom) in Arena.Pillars)
                WriteNumbers(json, left, top, right, bottom);
            json.WriteEndArray();
            json.WriteStartArray("gems");
            for (int id = Arena.FirstGem; id <= Arena.LastThing; id++)
                WriteNumbers(json, server.World[id].X, server.World[id].Y);
            json.WriteEndArray();
            json.WriteStartArray("players");
            foreach (var player in server.Players)
                WritePlayer(json, player, server.World[player.Id]);
            json.WriteEndArray();
            json.WriteStartArray("times");
            for (long tick = Math.Max(0, _ticks - KeptTimes); tick < _ticks; tick++)
                json.WriteNumberValue(Math.Round(_times[tick % KeptTimes], 2));
            json.WriteEndArray();
            json.WriteStartObject("drops");
            foreach (var reason in Enum.GetValues<Drop>())
                if (server[reason] > 0)
                    json.WriteNumber(reason.ToString(), server[reason]);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(_json.WrittenSpan);
    }

    static void WritePlayer(Utf8JsonWriter json, Session player, Thing thing)
    {
        json.WriteStartObject();
        json.WriteNumber("id", player.Id);
        json.WriteString("name", player.Name);
        json.WriteNumber("x", thing.X);
        json.WriteNumber("y", thing.Y);
        json.WriteNumber("score", thing.Score);
        json.WriteString("network", player.Peer.Network);
        json.WriteNumber("roundTrip", Math.Round(player.RoundTrip.TotalMilliseconds));
        json.WriteNumber("loss", Math.Round(player.Loss * 100, 1));
        json.WriteEndObject();
    }

    static void WriteNumbers(Utf8JsonWriter json, params ReadOnlySpan<int> numbers)
    {
        json.WriteStartArray();
        foreach (int number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
