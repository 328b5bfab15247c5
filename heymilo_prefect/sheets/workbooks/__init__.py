"""Read XLSX, XLS, XLSB and ODS workbooks in a child process with bounded resources."""
