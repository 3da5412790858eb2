using System.Runtime.Versioning;

[assembly: NonParallelizable]
[assembly: SupportedOSPlatform("linux")]
