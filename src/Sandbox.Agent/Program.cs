using Sandbox.Agent;
using Sandbox.Agent.Shells;

return args switch
{
    ["serve", "--listen-fd", string listen, "--start-fd", string start, "--log-fd", string log, .. { } options]
        when int.TryParse(listen, out int listener) && int.TryParse(start, out int startSignal) && int.TryParse(log, out int logFile)
            && options is [] or ["--confine"]
        => await AgentHost.RunAsync(listener, startSignal, logFile, confine: options.Length > 0),
    [ShellLauncher.Verb] => ShellLauncher.Serve(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: sandbox-agent serve --listen-fd NUMBER --start-fd NUMBER --log-fd NUMBER [--confine]");
    return 2;
}
