using System.Management.Automation;
using System.Text;

namespace Sandbox;

/// <summary>Takes encodings by PowerShell's names, by their own, or by code page.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EncodingTransformationAttribute : ArgumentTransformationAttribute
{
    internal static readonly IReadOnlyDictionary<string, Encoding> Names = new Dictionary<string, Encoding>(StringComparer.OrdinalIgnoreCase)
    {
        ["utf8"] = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        ["utf8NoBOM"] = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        ["utf8BOM"] = new UTF8Encoding(encoderShouldEmitUTF8Identifier: true),
        ["ascii"] = Encoding.ASCII,
        ["latin1"] = Encoding.Latin1,
        ["unicode"] = Encoding.Unicode,
        ["bigendianunicode"] = Encoding.BigEndianUnicode,
        ["utf32"] = Encoding.UTF32,
    };

    /// <summary>The default: UTF-8, written without a byte order mark.</summary>
    internal static Encoding Default => Names["utf8"];

    /// <inheritdoc />
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? plain = inputData.Unwrap();
        try
        {
            return plain switch
            {
                Encoding encoding => encoding,
                string name => Names.TryGetValue(name, out Encoding? known) ? known : Encoding.GetEncoding(name),
                int page => Encoding.GetEncoding(page),
                _ => throw new ArgumentTransformationMetadataException("An encoding must be a name, such as utf8, or a code page."),
            };
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentTransformationMetadataException(
                $"Unknown encoding '{plain}'. Use one of {string.Join(", ", Names.Keys)}, or a code page that .NET supports.", e);
        }
    }
}
