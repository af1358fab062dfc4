"""browser.py -- a headless Chromium, driven over plain HTTP by chromedriver (W3C WebDriver). It knows nothing of our pages.

    with Browser() as browser:
        browser.open(path)
        browser.run('return document.title')

Browser.absent() says why there is none; tests are then skipped.
"""
import base64
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile

ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking',
             '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars']
KEYS = {'left': '\ue012', 'right': '\ue014', 'up': '\ue013', 'down': '\ue015', 'home': '\ue011', 'end': '\ue010',
    'tab': '\ue004',
        'enter': '\ue007', 'space': ' '}


class Failed(Exception):
    pass


class Browser:
    @staticmethod
    def absent():
        for program in ('chromium', 'chromedriver'):
            if not shutil.which(program):
                return '%s is not installed (Debian packages chromium and chromium-driver)' % program
        return None

    def __init__(self, width=1280, height=900, dark=False):
        self.folder = tempfile.mkdtemp(prefix='chainrule-page-')
        self.driver = subprocess.Popen(['chromedriver', '--port=0'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
                                       start_new_session=True)
        self.session = None
        try:
            self.port = self._port()
            dark_flag = ['--force-dark-mode', '--blink-settings=preferredColorScheme=0'] if dark else []
            arguments = ARGUMENTS + dark_flag + ['--user-data-dir=' + self.folder, '--window-size=%d,%d' % (width, height)]
            made = self._ask('POST', '/session', {'capabilities': {'alwaysMatch': {
                'browserName': 'chrome', 'goog:chromeOptions': {'args': arguments, 'binary': shutil.which('chromium')},
                'goog:loggingPrefs': {'browser': 'ALL', 'performance': 'ALL'}}}})
            self.session = '/session/' + made['sessionId']
        except BaseException:
            self.close()
            raise

    def _port(self):
        for line in self.driver.stdout:
            if 'started successfully on port' in line:
                return int(line.split()[-1].rstrip('.'))
        raise Failed('chromedriver did not start')

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)
        connection.request(method, path, json.dumps(body) if body is not None else None, {'Content-Type': 'application/json'})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        value = answer['value']
        if isinstance(value, dict) and 'error' in value:
            raise Failed('%s: %s' % (value['error'], value['message'].split('\n')[0]))
        return value

    def post(self, command, body=None):
        return self._ask('POST', self.session + command, body or {})

    def open(self, path):
        self.post('/url', {'url': 'file://' + os.path.abspath(path)})

    def run(self, script, *args):
        return self.post('/execute/sync', {'script': script, 'args': list(args)})

    def click(self, selector):
        self.post('/element/%s/click' % self.find(selector))

    def find(self, selector):
        return next(iter(self.post('/element', {'using': 'css selector', 'value': selector}).values()))

    def write(self, selector, text):
        """Types into a field, in place of what stands there."""
        element = self.find(selector)
        self.post('/element/%s/clear' % element)
        self.post('/element/%s/value' % element, {'text': text})

    def press(self, *keys):
        """Keys for whatever has the focus."""
        actions = [{'type': kind, 'value': KEYS.get(key, key)} for key in keys for kind in ('keyDown', 'keyUp')]
        self.post('/actions', {'actions': [{'type': 'key', 'id': 'keyboard', 'actions': actions}]})

    def resize(self, width, height):
        """The page's own size, as on a device: narrower than a window may be."""
        self.post('/goog/cdp/execute', {'cmd': 'Emulation.setDeviceMetricsOverride', 'params': {
            'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': width < 600}})

    def console(self):
        """Messages of the console since last asked, but for mere logs."""
        return [m['message'] for m in self.post('/se/log', {'type': 'browser'}) if m['level'] in ('SEVERE', 'WARNING')]

    def requests(self):
        """Addresses that were asked for since last asked."""
        messages = [json.loads(m['message'])['message'] for m in self.post('/se/log', {'type': 'performance'})]
        return [m['params']['request']['url'] for m in messages if m['method'] == 'Network.requestWillBeSent']

    def emulate(self, **features):
        self.post('/goog/cdp/execute', {'cmd': 'Emulation.setEmulatedMedia', 'params': {
            'features': [{'name': name.replace('_', '-'), 'value': value} for name, value in features.items()]}})

    def screenshot(self, path, whole=False):
        got = self.post('/goog/cdp/execute', {'cmd': 'Page.captureScreenshot', 'params': {'captureBeyondViewport': whole, **(
            {'clip': {'x': 0, 'y': 0, 'scale': 1,
                **self.run('const r = document.documentElement; return {width: r.clientWidth, height: r.scrollHeight}')}}
            if whole else {})}})
        with open(path, 'wb') as file:
            file.write(base64.b64decode(got['data']))

    def close(self):
        try:
            if self.session:
                self._ask('DELETE', self.session)
        except (OSError, Failed):
            pass
        try:
            os.killpg(self.driver.pid, signal.SIGTERM)         # our own chromedriver and the browser it started
        except ProcessLookupError:
            pass
        self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
