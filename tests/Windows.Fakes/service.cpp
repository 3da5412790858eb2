// service.exe: a service that runs and does nothing, but that iphlpsvc begins with Teredo's persistent store. Its first argument is its name.
#include "records.h"

static SERVICE_STATUS_HANDLE handle;
static SERVICE_STATUS status = {SERVICE_WIN32_OWN_PROCESS, SERVICE_RUNNING, SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN, 0, 0, 0, 0};
static HANDLE ended;
static wchar_t* name;

static DWORD WINAPI control(DWORD code, DWORD, void*, void*)
{
    if (code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN)
    {
        status.dwCurrentState = SERVICE_STOPPED;
        SetEvent(ended);
    }
    SetServiceStatus(handle, &status);
    return NO_ERROR;
}

static void WINAPI run(DWORD, wchar_t**)
{
    handle = RegisterServiceCtrlHandlerExW(name, control, nullptr);
    if (_wcsicmp(name, L"iphlpsvc") == 0)
        restart_configuration();
    SetServiceStatus(handle, &status);
}

int wmain(int count, wchar_t** arguments)
{
    if (count < 2)
        return 1;
    name = arguments[1];
    ended = CreateEventW(nullptr, TRUE, FALSE, nullptr);
    SERVICE_TABLE_ENTRYW table[] = {{name, run}, {nullptr, nullptr}};
    if (!StartServiceCtrlDispatcherW(table))
        return 1;
    return WaitForSingleObject(ended, INFINITE) == WAIT_OBJECT_0 ? 0 : 1;
}
