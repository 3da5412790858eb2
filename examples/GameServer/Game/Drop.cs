namespace GameServer.Game;

/// <summary>Why a datagram was dropped.</summary>
enum Drop
{
    /// <summary>No datagram of this game.</summary>
    Garbage,

    /// <summary>Of nobody who plays: forged, or too late.</summary>
    Stranger,

    /// <summary>A cookie that is too old, or another's.</summary>
    BadCookie,

    /// <summary>One more who wants to join in this tick than is answered.</summary>
    Throttled,

    /// <summary>A player sends too much.</summary>
    Flood,

    /// <summary>A player sends what no client would send.</summary>
    Malformed,

    /// <summary>A player that is banned wants to join.</summary>
    Banned,

    /// <summary>There is no place, or the player's address has enough of them.</summary>
    Full,
}
