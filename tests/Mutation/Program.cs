using TeredoSdk.Mutation;

// Changes the source in small ways and looks whether a test notices; results.tsv beside this file keeps the scores.
return await MutationCommand.RunAsync(args, Console.Out, Console.Error);
