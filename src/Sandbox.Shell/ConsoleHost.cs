using System.Globalization;
using System.Management.Automation.Host;

namespace Sandbox.Shell;

/// <summary>The engine's view of this program.</summary>
internal sealed class ConsoleHost : PSHost
{
    private readonly ConsoleUserInterface _ui;

    /// <summary>Makes the host.</summary>
    /// <param name="editor">Where the engine asks; null when nobody is there.</param>
    public ConsoleHost(LineEditor? editor) => _ui = new(editor);

    /// <summary>What <c>exit</c> said; null when nothing did.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Sends results to standard error until the answer is disposed of.</summary>
    public IDisposable SendAllToError() => new ErrorDirection(_ui);

    /// <summary>Goes to a line's beginning, if output has left the cursor elsewhere.</summary>
    public void StartLine() => _ui.StartLine();

    /// <inheritdoc />
    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    /// <inheritdoc />
    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    /// <inheritdoc />
    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <inheritdoc />
    public override string Name => "SandboxShell";

    /// <inheritdoc />
    public override PSHostUserInterface UI => _ui;

    /// <inheritdoc />
    public override Version Version => typeof(ConsoleHost).Assembly.GetName().Version!;

    /// <inheritdoc />
    public override void EnterNestedPrompt() => throw new NotSupportedException("This host has no nested prompt.");

    /// <inheritdoc />
    public override void ExitNestedPrompt() => throw new NotSupportedException("This host has no nested prompt.");

    /// <inheritdoc />
    public override void NotifyBeginApplication()
    {
    }

    /// <inheritdoc />
    public override void NotifyEndApplication()
    {
    }

    /// <inheritdoc />
    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    private sealed class ErrorDirection : IDisposable
    {
        private readonly ConsoleUserInterface _ui;

        public ErrorDirection(ConsoleUserInterface ui) => (_ui = ui).AllIsError = true;

        public void Dispose() => _ui.AllIsError = false;
    }
}
