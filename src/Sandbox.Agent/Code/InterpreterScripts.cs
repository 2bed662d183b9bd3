namespace Sandbox.Agent.Code;

/// <summary>Our programs that run code in one interpreter or another. They travel inside this one, and are written where interpreters can read them.</summary>
internal static class InterpreterScripts
{
    /// <summary>For <c>python3</c>.</summary>
    public const string Python = "python.py";

    /// <summary>For <c>node</c>.</summary>
    public const string Node = "node.cjs";

    /// <summary>Puts a program where it can be read.</summary>
    /// <param name="name">Which.</param>
    /// <param name="runtime">The directory of what does not outlive the agent.</param>
    /// <returns>The file.</returns>
    public static string Place(string name, string runtime)
    {
        string directory = Path.Combine(runtime, "drivers");
        string file = Path.Combine(directory, name);
        Directory.CreateDirectory(directory);

        // Anew each time: code in the sandbox may have had its hands on it. Never half: others may be reading it.
        string temporary = Path.Combine(directory, Protocol.Identifier.Generate());
        using (Stream program = typeof(InterpreterScripts).Assembly.GetManifestResourceStream(name)!)
        using (FileStream copy = File.Create(temporary))
        {
            program.CopyTo(copy);
        }

        File.Move(temporary, file, overwrite: true);
        return file;
    }
}
