using Sandbox.Agent;
using Sandbox.Agent.Shells;

return args switch
{
    ["serve", "--listen-fd", string number] when int.TryParse(number, out int listener) => await AgentHost.RunAsync(listener),
    [ShellLauncher.Verb] => ShellLauncher.Serve(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: sandbox-agent serve --listen-fd NUMBER");
    return 2;
}
