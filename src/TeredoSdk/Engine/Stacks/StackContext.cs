using Microsoft.Extensions.Logging;

namespace TeredoSdk.Engine.Stacks;

/// <summary>What a stack shares with the engine that it belongs to.</summary>
/// <param name="Clock">The time; only <see cref="EngineClock.Now"/> is used, by any thread.</param>
/// <param name="Guard">What is counted, and who is known.</param>
/// <param name="Watch">Who waits for a peer.</param>
/// <param name="Driver">Where packets go.</param>
/// <param name="Log">Where a defect is told.</param>
readonly record struct StackContext(EngineClock Clock, StackGuard Guard, PeerWatch Watch, TeredoDriver Driver, ILogger Log);
