using Sandbox.Agent.Code.Jupyter;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>Finds what runs a language in this sandbox: an installed Jupyter kernel, else a script in the language's interpreter.</summary>
internal sealed class InterpreterResolver(IReadOnlyList<string> kernels, string runtime, EventLoop loop)
{
    private const string Python = "python";
    private const string JavaScript = "javascript";
    private const string TypeScript = "typescript";

    /// <summary>Gets the usual name of a language for its aliases.</summary>
    public static string Canonical(string language) => language.ToLowerInvariant() switch
    {
        "python" or "python3" or "py" => Python,
        "javascript" or "js" or "node" or "nodejs" => JavaScript,
        "typescript" or "ts" => TypeScript,
        var other => other,
    };

    /// <exception cref="ApiException"><see cref="ErrorCodes.LanguageNotAvailable"/>, which names the package.</exception>
    public InterpreterPlan Find(string language, IReadOnlyDictionary<string, string> environment, string directory) =>
        KernelSpec.Find(language, kernels, environment) is { } kernel
            ? new(kernel.Language, $"jupyter:{kernel.Name}", kernel.Language == Python,
                async () => await JupyterKernel.StartAsync(kernel, environment, directory, runtime, loop))
            : FindPlain(language, environment, directory);

    private InterpreterPlan FindPlain(string language, IReadOnlyDictionary<string, string> environment, string directory) => language switch
    {
        Python when Program("python3", environment) is { } python =>
            new(language, "python3", true,
                () => StartAsync(Command(python, ["-u", InterpreterScripts.Place(InterpreterScripts.Python, runtime)], environment, directory), true)),
        JavaScript or TypeScript when Program("node", environment) is { } node =>
            new(language, "node", true, () => StartAsync(Command(node, NodeArguments(language), environment, directory), false)),
        Python => throw NotAvailable("Python", "'python3'", "python3"),
        JavaScript => throw NotAvailable("JavaScript", "'node'", "nodejs"),
        TypeScript => throw NotAvailable("TypeScript", "'node'", "nodejs and node-typescript"),
        _ => throw NotAvailable($"'{Shorten(language)}'", "Jupyter kernel of that language or name", "with that kernel"),
    };

    private static string? Program(string name, IReadOnlyDictionary<string, string> environment) => InterpreterCommand.FindProgram(name, environment);

    private static InterpreterCommand Command(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string directory) =>
        new(program, arguments, environment, directory);

    // Interrupted code leaves node's bookkeeping of callbacks inconsistent; node must not abort because of that.
    private string[] NodeArguments(string language) => ["--no-force-async-hooks-checks", InterpreterScripts.Place(InterpreterScripts.Node, runtime), language];

    private async Task<IInterpreter> StartAsync(InterpreterCommand command, bool takesSignals) =>
        await ScriptInterpreter.StartAsync(command, takesSignals, loop)
            ?? throw new ApiException(ErrorCodes.LanguageNotAvailable,
                "TypeScript needs node 22.13 or newer, or the compiler: install the Debian package 'node-typescript', "
                + "or 'npm install typescript' in the working directory.");

    private static ApiException NotAvailable(string language, string missing, string package) => new(ErrorCodes.LanguageNotAvailable,
        $"{language} cannot be run: the sandbox has no {missing}. Install the package {package} where sandboxes see it, on the host or in the image.");

    private static string Shorten(string text) => text.Length > 60 ? text[..60] + "…" : text;
}
