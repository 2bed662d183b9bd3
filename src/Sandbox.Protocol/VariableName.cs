using System.Collections.Frozen;

namespace Sandbox.Protocol;

/// <summary>The rule for names of environment variables: a letter or <c>_</c>, then letters, digits, <c>_</c> (the names a shell can use).</summary>
public static class VariableName
{
    // Bash keeps these for itself and refuses to have them set.
    private static readonly FrozenSet<string> Reserved = FrozenSet.Create("UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS", "BASH_VERSINFO");

    /// <summary>Whether the text can name a variable.</summary>
    /// <param name="name">The text.</param>
    public static bool IsValid(string? name)
    {
        if (string.IsNullOrEmpty(name) || char.IsAsciiDigit(name[0]))
        {
            return false;
        }

        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Checks every name and value of a set of variables.</summary>
    /// <param name="variables">The set; null is an empty one.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> that names the first bad name. A value is never shown.</exception>
    public static void RequireAll(IReadOnlyDictionary<string, string?>? variables)
    {
        foreach ((string name, string? value) in variables ?? new Dictionary<string, string?>())
        {
            if (!IsValid(name))
            {
                throw new ApiException(ErrorCodes.InvalidRequest,
                    $"'{name}' cannot name an environment variable. Use letters, digits and '_', not starting with a digit.");
            }

            if (Reserved.Contains(name))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, $"'{name}' is kept by the shell for itself and cannot be set.");
            }

            if (value is not null && value.Contains('\0'))
            {
                throw new ApiException(ErrorCodes.InvalidRequest,
                    $"The value of the environment variable '{name}' contains a NUL character, which no environment can hold.");
            }
        }
    }
}
