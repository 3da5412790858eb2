using TeredoSdk.Mutation;

// Changes the source in small ways and looks whether a test notices; results.tsv beside this file keeps the scores.
return args is [TestHost.Verb, ..] ? TestHost.Run(args[1], args[2], args[3], args[4..]) : await MutationCommand.RunAsync(args, Console.Out, Console.Error);
