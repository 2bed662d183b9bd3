using System.Text.Json;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>Python code that sets variables before one run and restores them after it, since the protocol has no means for that. It defines no names the user
/// sees.</summary>
internal static class PythonVariables
{
    public const string Restore = """
        exec('''
        import builtins, os
        for name, value in builtins.__dict__.pop("__sandbox_before", {}).items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        ''', {})
        """;

    /// <param name="variables">The variables; null unsets.</param>
    public static string Set(IReadOnlyDictionary<string, string?> variables)
    {
        // In base64, so that no value can be taken for code.
        string changes = Convert.ToBase64String(
            JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string?>(variables), CodeJson.Default.DictionaryStringString));
        return $$"""
            exec('''
            import base64, builtins, json, os
            changes = json.loads(base64.b64decode("{{changes}}"))
            builtins.__sandbox_before = {name: os.environ.get(name) for name in changes}
            for name, value in changes.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            ''', {})
            """;
    }
}
