namespace GameServer.Game;

/// <summary>Plays like a simple mind: to the nearest gem, and when something is in the way, anywhere for a moment.</summary>
sealed class Bot(Random random)
{
    const int Astray = 25;

    Keys _keys;
    int _astray;
    (short X, short Y) _before;

    public Keys Decide(Client client)
    {
        var me = client.Me;
        bool isStuck = _before == (me.X, me.Y) && _keys != Keys.None;
        _before = (me.X, me.Y);
        if (_astray-- > 0 && !isStuck)
            return _keys;
        if (isStuck || Nearest(client) is not { } gem)
        {
            _astray = Astray;
            return _keys = (Keys)(1 << random.Next(4));
        }
        return _keys = Towards(gem.X - me.X, Keys.Left, Keys.Right) | Towards(gem.Y - me.Y, Keys.Up, Keys.Down);
    }

    static Keys Towards(int distance, Keys back, Keys forth) => Math.Abs(distance) <= Arena.Radius ? Keys.None : distance < 0 ? back : forth;

    static Thing? Nearest(Client client)
    {
        Thing? nearest = null;
        for (int id = Arena.FirstGem; id <= Arena.LastThing; id++)
            if (client.View[id] is { IsThere: true } gem && !(nearest?.DistanceTo(client.Me) <= gem.DistanceTo(client.Me)))
                nearest = gem;
        return nearest;
    }
}
