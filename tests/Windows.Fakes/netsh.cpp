// netsh.exe: logs its arguments in netsh.log, one call a line, separated by tabs; "set" changes both stores in windows.txt, "show" tells it in English, or what
// netsh.txt says when that is there. Its exit code is 0 whatever happens, as Windows' own often is. windows.txt: netsh=denied changes nothing.
#include <stdio.h>
#include "records.h"

static void print(const std::wstring& text)
{
    std::string bytes = narrow(text);
    fwrite(bytes.data(), 1, bytes.size(), stdout);
}

static void set(const std::wstring& argument, bool first)
{
    size_t equals = argument.find(L'=');
    std::wstring key = equals == std::wstring::npos ? (first ? L"type" : L"servername") : argument.substr(0, equals);
    set_both(key, equals == std::wstring::npos ? argument : argument.substr(equals + 1));
}

static std::wstring state()
{
    Record record = windows();
    std::wstring type = record.get(L"type", L"default");
    std::wstring text = L"Teredo Parameters\r\n---------------------------------------------\r\nType                    : " + type + L"\r\n";
    if (type == L"disabled" || type == L"default")
        return text;
    return text + L"Server Name             : " + record.get(L"servername", L"win1910.ipv6.microsoft.com.")
        + L"\r\nClient Refresh Interval : " + record.get(L"refreshinterval", L"30")
        + L" seconds\r\nClient Port             : " + record.get(L"clientport", L"unspecified")
        + L"\r\nState                   : " + record.get(L"state", L"qualified")
        + L"\r\nClient Type             : teredo client\r\nNetwork                 : unmanaged\r\nNAT                     : restricted\r\n";
}

int wmain(int count, wchar_t** arguments)
{
    std::wstring line, words;
    for (int i = 1; i < count; i++)
    {
        line += (i > 1 ? L"\t" : L"") + std::wstring(arguments[i]);
        words += std::wstring(arguments[i]) + L" ";
    }
    write_text(L"netsh.log", line + L"\n", true);
    bool teredo = words.rfind(L"interface teredo ", 0) == 0 || words.rfind(L"interface ipv6 ", 0) == 0;
    if (teredo && words.find(L" set ") != std::wstring::npos)
    {
        if (windows().get(L"netsh") == L"denied")
            print(L"The requested operation requires elevation (Run as administrator).\r\n");
        else
            for (int i = 5; i < count; i++)
                set(arguments[i], i == 5);
        print(L"\r\n");
    }
    else if (teredo && words.find(L" show ") != std::wstring::npos)
    {
        std::wstring answer = read_text(L"netsh.txt");
        print(answer.empty() ? state() : answer);
    }
    return 0;
}
