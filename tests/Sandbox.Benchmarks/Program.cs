using Sandbox.Benchmarks;

return await BenchmarkProgram.RunAsync(args);
