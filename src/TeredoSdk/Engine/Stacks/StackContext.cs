using Microsoft.Extensions.Logging;

namespace TeredoSdk.Engine.Stacks;

/// <summary>What a host shares with the engine.</summary>
/// <param name="Clock">The time; only <see cref="EngineClock.Now"/> is used, by any thread.</param>
/// <param name="Guard">What is counted.</param>
/// <param name="Watch">Who waits for a peer.</param>
/// <param name="Driver">The driver, which is made after the host.</param>
/// <param name="Log">Where a defect is told.</param>
readonly record struct StackContext(EngineClock Clock, StackGuard Guard, PeerWatch Watch, Func<TeredoDriver> Driver, ILogger Log);
