// What the fakes of Windows share: files of "key=value" lines in UTF-8 in C:\fakes, which tests read and write, too.
#pragma once
#include <windows.h>
#include <string>
#include <utility>
#include <vector>

#define EXPORT extern "C" __declspec(dllexport)

inline std::wstring folder() { return L"C:\\fakes\\"; }

inline std::wstring wide(const std::string& text)
{
    std::wstring result(MultiByteToWideChar(CP_UTF8, 0, text.data(), (int)text.size(), nullptr, 0), L'\0');
    MultiByteToWideChar(CP_UTF8, 0, text.data(), (int)text.size(), result.data(), (int)result.size());
    return result;
}

inline std::string narrow(const std::wstring& text)
{
    std::string result(WideCharToMultiByte(CP_UTF8, 0, text.data(), (int)text.size(), nullptr, 0, nullptr, nullptr), '\0');
    WideCharToMultiByte(CP_UTF8, 0, text.data(), (int)text.size(), result.data(), (int)result.size(), nullptr, nullptr);
    return result;
}

inline std::wstring read_text(const wchar_t* name)
{
    std::string text;
    HANDLE file = CreateFileW((folder() + name).c_str(), GENERIC_READ, 7, nullptr, OPEN_EXISTING, 0, nullptr);
    if (file == INVALID_HANDLE_VALUE)
        return {};
    char buffer[4096];
    for (DWORD count; ReadFile(file, buffer, sizeof buffer, &count, nullptr) && count > 0;)
        text.append(buffer, count);
    CloseHandle(file);
    return wide(text);
}

// A whole file is replaced at once, so that who reads meanwhile has the old text or the new.
inline void write_text(const wchar_t* name, const std::wstring& text, bool append = false)
{
    std::wstring path = folder() + name, part = path + L"." + std::to_wstring(GetCurrentProcessId()) + L"-" + std::to_wstring(GetCurrentThreadId());
    HANDLE file = CreateFileW(append ? path.c_str() : part.c_str(), append ? FILE_APPEND_DATA : GENERIC_WRITE, 7, nullptr,
        append ? OPEN_ALWAYS : CREATE_ALWAYS, 0, nullptr);
    std::string bytes = narrow(text);
    DWORD written;
    WriteFile(file, bytes.data(), (DWORD)bytes.size(), &written, nullptr);
    CloseHandle(file);
    // Refused while another process reads the file, which is soon over.
    for (int i = 0; !append && i < 5000 && !MoveFileExW(part.c_str(), path.c_str(), MOVEFILE_REPLACE_EXISTING); i++)
        Sleep(1);
}

// A list of fields in the order in which they were first set.
struct Record
{
    std::vector<std::pair<std::wstring, std::wstring>> fields;

    std::wstring get(const std::wstring& key, const std::wstring& otherwise = L"") const
    {
        for (auto& field : fields)
            if (_wcsicmp(field.first.c_str(), key.c_str()) == 0)
                return field.second;
        return otherwise;
    }

    bool has(const std::wstring& key) const
    {
        for (auto& field : fields)
            if (_wcsicmp(field.first.c_str(), key.c_str()) == 0)
                return true;
        return false;
    }

    long number(const std::wstring& key, long otherwise = 0) const
    {
        std::wstring text = get(key);
        return text.empty() ? otherwise : wcstol(text.c_str(), nullptr, 10);
    }

    void set(const std::wstring& key, const std::wstring& value)
    {
        for (auto& field : fields)
            if (_wcsicmp(field.first.c_str(), key.c_str()) == 0)
            {
                field.second = value;
                return;
            }
        fields.push_back({key, value});
    }

    void remove(const std::wstring& key)
    {
        for (size_t i = 0; i < fields.size(); i++)
            if (_wcsicmp(fields[i].first.c_str(), key.c_str()) == 0)
                fields.erase(fields.begin() + i--);
    }
};

// A file of records, each of which begins with a line "[name]".
inline std::vector<Record> read_records(const wchar_t* name)
{
    std::vector<Record> records;
    std::wstring text = read_text(name);
    for (size_t at = 0; at < text.size();)
    {
        size_t end = text.find(L'\n', at);
        std::wstring line = text.substr(at, end - at);
        at = end == std::wstring::npos ? text.size() : end + 1;
        while (!line.empty() && line.back() == L'\r')
            line.pop_back();
        size_t equals = line.find(L'=');
        if (line[0] == L'[')
            records.push_back({});
        else if (equals != std::wstring::npos && !records.empty())
            records.back().fields.push_back({line.substr(0, equals), line.substr(equals + 1)});
    }
    return records;
}

inline void write_records(const wchar_t* name, const std::vector<Record>& records)
{
    std::wstring text;
    for (auto& record : records)
    {
        text += L"[record]\n";
        for (auto& field : record.fields)
            text += field.first + L"=" + field.second + L"\n";
    }
    write_text(name, text);
}

// The one record of windows.txt: how this Windows behaves, and where its Teredo stands.
inline Record windows()
{
    auto records = read_records(L"windows.txt");
    return records.empty() ? Record{} : records[0];
}

// Teredo's configuration has two stores (Set-NetTeredoConfiguration, parameter PolicyStore). A key of windows.txt is the active one's, and
// persistent.KEY the other's where that differs: the active store takes its values when the service starts.
inline void set_active(const std::wstring& key, const std::wstring& value)
{
    Record record = windows();
    if (!record.has(L"persistent." + key) && record.get(key) != value)
        record.set(L"persistent." + key, record.get(key));
    record.set(key, value);
    write_records(L"windows.txt", {record});
}

inline void set_both(const std::wstring& key, const std::wstring& value)
{
    Record record = windows();
    record.set(key, value);
    if (record.has(L"persistent." + key))
        record.set(L"persistent." + key, value);
    write_records(L"windows.txt", {record});
}

inline void restart_configuration()
{
    Record record = windows(), after;
    for (auto& [key, value] : record.fields)
    {
        std::wstring lasting = record.get(L"persistent." + key, value);
        if (key.rfind(L"persistent.", 0) != 0 && (lasting == value || !lasting.empty()))
            after.set(key, lasting);
    }
    if (after.fields.size() != record.fields.size())
        write_records(L"windows.txt", {after});
}
