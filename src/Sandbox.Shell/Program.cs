using Sandbox.Shell;

if (!ShellOptions.TryParse(args, out ShellOptions? options, out string? problem))
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(ShellOptions.Usage);
    return ShellOptions.UsageExitCode;
}

if (options.WantsHelp)
{
    Console.Out.WriteLine(ShellOptions.Usage);
    return 0;
}

if (ModuleLocator.Find() is not { } module)
{
    Console.Error.WriteLine("The module was not found. Run 'dotnet build' first, or set SANDBOX_MODULE to the path of Sandbox.psd1.");
    return 1;
}

if (options.IsInteractive)
{
    LineEditor editor = new();
    using Engine engine = new(module, editor);
    using InteractiveShell shell = new(engine, editor);
    return shell.Run();
}
else
{
    using Engine engine = new(module);
    using ScriptRunner runner = new(engine);
    return runner.Run(options);
}
