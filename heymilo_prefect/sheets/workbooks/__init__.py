"""Workbooks: XLSX, XLS, XLSB and ODS files, read in a child process with bounded resources."""
