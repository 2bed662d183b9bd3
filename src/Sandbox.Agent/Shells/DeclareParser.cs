using Sandbox.Agent.Commands;

namespace Sandbox.Agent.Shells;

/// <summary>Parses the output of <c>declare -px</c>: the exported variables of a shell.</summary>
internal static class DeclareParser
{
    /// <returns>The variables without bash's own <c>_</c>.</returns>
    public static Dictionary<string, string> Read(ReadOnlySpan<byte> bytes)
    {
        Dictionary<string, string> variables = [];
        int position = 0;
        while (position < bytes.Length)
        {
            // 'declare -x NAME="value"'; in POSIX mode 'export NAME="value"'; 'declare -x NAME' has no value yet.
            string word = ReadName(bytes, ref position);
            if (position < bytes.Length && bytes[position] == '=')
            {
                position++;
                bool isArray = position < bytes.Length && bytes[position] == '(';
                string value = BashQuoting.Read(bytes, ref position);
                if (!isArray && word != "_")
                {
                    variables[word] = value;
                }

                SkipLine(bytes, ref position);
            }
            else
            {
                position++;
            }
        }

        return variables;
    }

    private static string ReadName(ReadOnlySpan<byte> bytes, ref int position)
    {
        int start = position;
        while (position < bytes.Length && bytes[position] is not ((byte)'=' or (byte)' ' or (byte)'\n'))
        {
            position++;
        }

        return System.Text.Encoding.UTF8.GetString(bytes[start..position]);
    }

    private static void SkipLine(ReadOnlySpan<byte> bytes, ref int position)
    {
        while (position < bytes.Length && bytes[position++] != '\n')
        {
        }
    }
}
