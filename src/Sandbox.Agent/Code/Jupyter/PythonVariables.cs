using System.Text.Json;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>Variables for one run in a Python kernel, for which the protocol has no word: code that sets them before it, and puts them back after it. It leaves nothing among the user's names.</summary>
internal static class PythonVariables
{
    /// <summary>Puts back what was there.</summary>
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

    /// <summary>Sets variables.</summary>
    /// <param name="variables">The variables; null unsets.</param>
    public static string Set(IReadOnlyDictionary<string, string?> variables)
    {
        // In base64, so that no value can be taken for code.
        string changes = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string?>(variables), CodeJson.Default.DictionaryStringString));
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
