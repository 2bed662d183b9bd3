using Sandbox.Server.Lifecycle;

return args switch
{
    [StartCommand.Verb] => await StartCommand.RunAsync(),
    [ServeCommand.Verb, ..] => await ServeCommand.RunAsync(args[1..]),
    _ => Explain(),
};

static int Explain()
{
    Console.Error.WriteLine("Usage: sandboxd start | sandboxd serve [--idle-exit SECONDS] [--pool-size NUMBER] [--listen http://127.0.0.1:PORT]");
    return 2;
}
