using System.Runtime.Versioning;

[assembly: Slow]
[assembly: NonParallelizable]
[assembly: SupportedOSPlatform("linux")]
