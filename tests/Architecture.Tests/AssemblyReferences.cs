using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace TeredoSdk.Architecture.Tests;

/// <summary>What a built assembly refers to, read from its metadata without loading it.</summary>
public sealed class AssemblyReferences
{
    AssemblyReferences(IReadOnlyList<string> assemblies, IReadOnlyList<string> types, IReadOnlyList<string> members) =>
        (Assemblies, Types, Members) = (assemblies, types, members);

    /// <summary>Names of the referenced assemblies.</summary>
    public IReadOnlyList<string> Assemblies { get; }

    /// <summary>Full names of the types of other assemblies.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>Members of types of other assemblies, as "Namespace.Type.Member"; a property's reader is "get_Name".</summary>
    public IReadOnlyList<string> Members { get; }

    public static AssemblyReferences Of(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        return new(
            [.. reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name))],
            [.. reader.TypeReferences.Select(handle => NameOf(reader, handle))],
            [.. reader.MemberReferences.Select(reader.GetMemberReference)
                .Select(member => $"{ParentOf(reader, member.Parent)}.{reader.GetString(member.Name)}").Distinct()]);
    }

    static string ParentOf(MetadataReader reader, EntityHandle parent) => parent.Kind switch
    {
        HandleKind.TypeReference => NameOf(reader, (TypeReferenceHandle)parent),
        HandleKind.TypeSpecification => reader.GetTypeSpecification((TypeSpecificationHandle)parent).DecodeSignature(new GenericTypeNames(), null),
        _ => "this assembly",
    };

    static string NameOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{NameOf(reader, (TypeReferenceHandle)type.ResolutionScope)}.{name}"
            : $"{reader.GetString(type.Namespace)}.{name}";
    }

    /// <summary>Reduces a constructed type to the name of its generic definition.</summary>
    sealed class GenericTypeNames : ISignatureTypeProvider<string, object?>
    {
        public string GetArrayType(string elementType, ArrayShape shape) => elementType;
        public string GetByReferenceType(string elementType) => elementType;
        public string GetFunctionPointerType(MethodSignature<string> signature) => "function pointer";
        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => genericType;
        public string GetGenericMethodParameter(object? genericContext, int index) => "parameter";
        public string GetGenericTypeParameter(object? genericContext, int index) => "parameter";
        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;
        public string GetPinnedType(string elementType) => elementType;
        public string GetPointerType(string elementType) => elementType;
        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();
        public string GetSZArrayType(string elementType) => elementType;
        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => "this assembly";
        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => NameOf(reader, handle);
        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);
    }
}
