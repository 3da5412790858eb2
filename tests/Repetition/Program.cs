using TeredoSdk.Repetition;

// Runs the fast test projects again and again, also under load; results.tsv beside this file keeps what came of it.
return args is [TestHost.Verb, .. var inner] ? TestHost.Run(inner) : await RepetitionCommand.RunAsync(args, Console.Out, Console.Error);
