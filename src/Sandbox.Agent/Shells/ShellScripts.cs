using System.Text;
using Sandbox.Agent.Commands;

namespace Sandbox.Agent.Shells;

/// <summary>The bash scripts behind a session. They use builtins only and fork nothing; their names start with <c>__sandbox</c>.</summary>
internal static class ShellScripts
{
    /// <summary>Initializes a fresh shell: no prompt, no mail check, the reporting function, and a trap that saves its state when it exits by itself.</summary>
    public static string Initialise(string stateFile) => $$"""
        PS1= PS2=
        unset MAILCHECK HISTFILE
        __sandbox() {
            builtin set -- "$?" "$@"
            [[ -z ${3-} ]] || { builtin cd -- "$3"; OLDPWD=$4; }
            {
                builtin printf '\x1e%s\0%s\0%q\0%q\0' "$2" "$1" "$PWD" "${OLDPWD-}"
                builtin times
                builtin printf '\0'
                builtin declare -px
                builtin printf '\0'
            } >&{{ShellLauncher.ReportDescriptor}}
            builtin return "$1"
        }
        __sandbox_save() {
            {
                builtin printf 'builtin cd -- %q\n' "$PWD"
                builtin declare -p; builtin declare -f; builtin alias -p; builtin shopt -p; builtin set +o; builtin umask -p; builtin trap -p
            } >{{BashQuoting.Quote(stateFile)}}
        }
        builtin trap __sandbox_save EXIT
        builtin readonly -f __sandbox __sandbox_save

        """;

    /// <summary>Brings a fresh shell into a session's state.</summary>
    /// <param name="directory">The directory to start in. When it no longer exists, the shell stays where it is.</param>
    /// <param name="changes">Variables to export, or with null to unset.</param>
    public static string Enter(string directory, string previousDirectory, IEnumerable<KeyValuePair<string, string?>> changes)
    {
        StringBuilder script = new();
        foreach ((string name, string? value) in changes)
        {
            AppendChange(script, name, value);
        }

        script.Append("builtin cd -- ").Append(BashQuoting.Quote(directory)).Append('\n');
        return (previousDirectory.Length > 0
            ? script.Append("OLDPWD=").Append(BashQuoting.Quote(previousDirectory))
            : script.Append("builtin unset -v OLDPWD")).Append('\n').ToString();
    }

    /// <summary>Restores the state that the previous shell saved. Bash's own read-only variables cannot be set again; the error messages are
    /// discarded.</summary>
    public static string Restore(string savedState) => $"""
        builtin . {BashQuoting.Quote(savedState)}
        builtin set +e +u +x
        builtin trap __sandbox_save EXIT

        """;

    /// <summary>For a shell that runs one command: it does not save its state, and exits on TERM as soon as the process it waits for has ended.</summary>
    public const string Ephemeral = "builtin trap - EXIT\nbuiltin trap 'builtin exit' TERM\n";

    /// <summary>Runs in the shell just before a command's text.</summary>
    /// <param name="changes">Variables to export, or with null to unset, permanently.</param>
    public static string Prelude(
        IEnumerable<KeyValuePair<string, string?>> changes, string? directory, IEnumerable<KeyValuePair<string, string>> variables, string commandFile)
    {
        StringBuilder script = new();
        foreach ((string name, string? value) in changes)
        {
            AppendChange(script, name, value);
        }

        if (directory is not null)
        {
            script.Append("builtin cd -- ").Append(BashQuoting.Quote(directory)).Append(" || return 1\n");
        }

        foreach ((string name, string value) in variables)
        {
            script.Append(name).Append('=').Append(BashQuoting.Quote(value)).Append(' ');
        }

        return script.Append(@"\. ").Append(commandFile).Append('\n').ToString();
    }

    private static void AppendChange(StringBuilder script, string name, string? value)
    {
        if (value is null)
        {
            script.Append("builtin unset -v ").Append(name).Append('\n');
        }
        else
        {
            script.Append("builtin export ").Append(name).Append('=').Append(BashQuoting.Quote(value)).Append('\n');
        }
    }
}
