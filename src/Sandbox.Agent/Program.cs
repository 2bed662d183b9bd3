using Sandbox.Agent;
using Sandbox.Agent.Shells;

return args switch
{
    ["serve", "--listen-fd", string listen, "--start-fd", string start, "--log-fd", string log, "--process-rlimit", string processes, .. { } options]
        when int.TryParse(listen, out int listener) && int.TryParse(start, out int startSignal) && int.TryParse(log, out int logFile)
            && long.TryParse(processes, out long processLimit) && options is [] or ["--confine"]
        => await AgentHost.RunAsync(listener, startSignal, logFile, processLimit, confine: options.Length > 0),
    [ShellLauncher.Verb] => ShellLauncher.Serve(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: sandbox-agent serve --listen-fd NUMBER --start-fd NUMBER --log-fd NUMBER --process-rlimit NUMBER [--confine]");
    return 2;
}
